// The pages work without this. With it they stay up to date, search while one types, and listen to the keyboard.
"use strict";

const main = () => document.querySelector("main");
const search = () => document.querySelector("[data-search]");
const rows = () => [...document.querySelectorAll("[data-row]")];
let asked = 0;

async function show(address) {
  const number = ++asked;
  let answer;
  try {
    answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
  } catch {
    return; // The worker is away: what is shown stays.
  }
  const text = await answer.text();
  if (number !== asked) return;
  const next = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  const before = new Set([...document.querySelectorAll("[data-id]")].map((one) => one.dataset.id));
  const at = rows().indexOf(document.activeElement);
  const typing = document.activeElement === search();
  const field = search();
  const open = new Set([...document.querySelectorAll("details")].flatMap((one, index) => (one.open ? [index] : [])));
  if (before.size) {
    for (const one of next.querySelectorAll("[data-id]")) one.classList.toggle("fresh", !before.has(one.dataset.id));
  }
  const fresh = next.querySelector("[data-search]");
  if (field && fresh) fresh.replaceWith(field);
  main().replaceWith(document.adoptNode(next));
  [...document.querySelectorAll("details")].forEach((one, index) => { one.open = open.has(index); });
  if (typing) search().focus();
  else if (at >= 0) rows()[Math.min(at, rows().length - 1)]?.focus({ preventScroll: true });
}

function refresh() {
  const seconds = Number(main().dataset.live);
  if (!seconds) return;
  setTimeout(async () => {
    if (!document.hidden && !String(getSelection())) await show(location.href);
    refresh();
  }, seconds * 1000);
}

let typed;
document.addEventListener("input", (event) => {
  if (event.target !== search()) return;
  clearTimeout(typed);
  typed = setTimeout(() => {
    const address = new URL(location.href);
    address.searchParams.delete("page");
    address.searchParams.set("q", event.target.value);
    if (!event.target.value) address.searchParams.delete("q");
    history.replaceState(null, "", address);
    show(address);
  }, 200);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === search()) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "/" && search()) {
    event.preventDefault();
    search().focus();
    search().select();
  } else if (event.key === "j" || event.key === "k") {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    all[at < 0 ? 0 : Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), all.length - 1)]?.focus();
  }
});

refresh();
