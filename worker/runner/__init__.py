"""The loop: due → fetch → process → commit. Drains when asked to stop."""

from worker.runner.committer import CommitSettings
from worker.runner.hubs import Hubs, HubSettings
from worker.runner.loop import Runner, RunnerSettings
from worker.runner.manners import Manners

__all__ = ["CommitSettings", "HubSettings", "Hubs", "Manners", "Runner", "RunnerSettings"]
