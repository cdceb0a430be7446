-- Made by tools/contract_tables.py from schemas/article.v1.schema.json; change that, not this.

CREATE TABLE article_queue (value String)
ENGINE = Kafka
SETTINGS
    kafka_broker_list = 'localhost:9092',
    kafka_topic_list = 'news.articles',
    kafka_group_name = 'my-clickhouse',
    kafka_format = 'JSONAsString';

CREATE TABLE article (
    `id` String,
    `revision` Int64,
    `change` String,
    `changed` Array(String),
    `source` Tuple(`feed_id` String, `feed_title` Nullable(String), `publisher` Nullable(String), `guid` Nullable(String), `url` Nullable(String), `canonical_url` Nullable(String), `also_in` Array(String), `retrieved_at` String, `content_from` String, `raw_sha256` String),
    `language` Nullable(String),
    `date` Nullable(Date32),
    `published_at` Tuple(`at` String, `origin` String, `precision` String, `surface` String),
    `has_published_at` Bool,
    `updated_at` Tuple(`at` String, `origin` String, `precision` String, `surface` String),
    `has_updated_at` Bool,
    `headline` Nullable(String),
    `byline` Nullable(String),
    `section` Nullable(String),
    `tags` Array(String),
    `media` Array(Tuple(`url` String, `type` Nullable(String), `length_bytes` Nullable(Int64))),
    `location` Tuple(`lat` Float64, `lon` Float64),
    `has_location` Bool,
    `dateline` Tuple(`text` String, `start` Int64, `end` Int64, `city` Nullable(String), `region` Nullable(String), `country` Nullable(String), `country_code` Nullable(String), `date` Nullable(Date32), `agency` Nullable(String)),
    `has_dateline` Bool,
    `lead` Tuple(`text` String, `start` Int64, `end` Int64),
    `has_lead` Bool,
    `paragraphs` Array(Tuple(`text` String, `start` Int64, `end` Int64)),
    `text` String,
    `fingerprint` Array(Int64),
    `quotes` Array(Tuple(`text` String, `start` Int64, `end` Int64, `kind` String, `speaker` Nullable(String), `speaker_mention` Tuple(`text` String, `start` Int64, `end` Int64), `verb` Tuple(`text` String, `start` Int64, `end` Int64), `medium` Nullable(String), `medium_mention` Tuple(`text` String, `start` Int64, `end` Int64), `day` Tuple(`text` String, `start` Int64, `end` Int64, `date` Nullable(String)), `continued` Bool, `continues` Nullable(Int64), `nested` Array(Tuple(`text` String, `start` Int64, `end` Int64)), `rule` String)),
    `attributions` Array(Tuple(`source` Tuple(`text` String, `start` Int64, `end` Int64), `source_resolved` Nullable(String), `cue` Tuple(`text` String, `start` Int64, `end` Int64), `content` Tuple(`text` String, `start` Int64, `end` Int64), `via` Tuple(`text` String, `start` Int64, `end` Int64), `day` Tuple(`text` String, `start` Int64, `end` Int64, `date` Nullable(String)), `rule` String)),
    `figures` Array(Tuple(`text` String, `start` Int64, `end` Int64, `kind` String, `value` Nullable(Float64), `values` Array(Float64), `noun` Nullable(String), `noun_mention` Tuple(`text` String, `start` Int64, `end` Int64), `unit` Nullable(String), `approx` Bool, `bound` Nullable(String), `per` Nullable(String), `refers_to` Nullable(Int64), `rule` String)),
    `sums` Array(Tuple(`total` Int64, `parts` Array(Int64))),
    `actors` Array(Tuple(`name` String, `role` Nullable(String), `role_mention` Tuple(`text` String, `start` Int64, `end` Int64), `organisation` Nullable(String), `country` Nullable(String), `country_code` Nullable(String), `mentions` Array(Tuple(`text` String, `start` Int64, `end` Int64)))),
    `organisations` Array(Tuple(`name` String, `type` String, `country_code` Nullable(String), `mentions` Array(Tuple(`text` String, `start` Int64, `end` Int64)))),
    `places` Array(Tuple(`name` String, `kind` String, `country_code` Nullable(String), `lat` Nullable(Float64), `lon` Nullable(Float64), `geonames_id` Nullable(Int64), `aliases` Array(String), `mentions` Array(Tuple(`text` String, `start` Int64, `end` Int64)))),
    `dates` Array(Tuple(`text` String, `start` Int64, `end` Int64, `kind` String, `date` Nullable(String), `from` Nullable(Date32), `to` Nullable(Date32), `rule` String, `anchor` Nullable(Date32))),
    `events` Array(Tuple(`type` String, `family` String, `plover` Array(String), `status` String, `trigger` Tuple(`text` String, `start` Int64, `end` Int64), `parties` Array(String), `places` Array(String), `date` Nullable(Date32), `until` Nullable(Date32), `figures` Array(Int64), `evidence` Array(Tuple(`text` String, `start` Int64, `end` Int64)), `rule` String)),
    `extraction` Tuple(`rules` String, `warnings` Array(String), `truncated` Bool)
)
ENGINE = ReplacingMergeTree(`revision`)
ORDER BY `id`;

CREATE MATERIALIZED VIEW article_reader TO article AS
SELECT
    JSONExtract(value, 'id', 'String') AS `id`,
    JSONExtract(value, 'revision', 'Int64') AS `revision`,
    JSONExtract(value, 'change', 'String') AS `change`,
    JSONExtract(value, 'changed', 'Array(String)') AS `changed`,
    JSONExtract(value, 'source', 'Tuple(`feed_id` String, `feed_title` Nullable(String), `publisher` Nullable(String), `guid` Nullable(String), `url` Nullable(String), `canonical_url` Nullable(String), `also_in` Array(String), `retrieved_at` String, `content_from` String, `raw_sha256` String)') AS `source`,
    JSONExtract(value, 'language', 'Nullable(String)') AS `language`,
    JSONExtract(value, 'date', 'Nullable(Date32)') AS `date`,
    JSONExtract(value, 'published_at', 'Tuple(`at` String, `origin` String, `precision` String, `surface` String)') AS `published_at`,
    JSONType(value, 'published_at') = 'Object' AS `has_published_at`,
    JSONExtract(value, 'updated_at', 'Tuple(`at` String, `origin` String, `precision` String, `surface` String)') AS `updated_at`,
    JSONType(value, 'updated_at') = 'Object' AS `has_updated_at`,
    JSONExtract(value, 'headline', 'Nullable(String)') AS `headline`,
    JSONExtract(value, 'byline', 'Nullable(String)') AS `byline`,
    JSONExtract(value, 'section', 'Nullable(String)') AS `section`,
    JSONExtract(value, 'tags', 'Array(String)') AS `tags`,
    JSONExtract(value, 'media', 'Array(Tuple(`url` String, `type` Nullable(String), `length_bytes` Nullable(Int64)))') AS `media`,
    JSONExtract(value, 'location', 'Tuple(`lat` Float64, `lon` Float64)') AS `location`,
    JSONType(value, 'location') = 'Object' AS `has_location`,
    JSONExtract(value, 'dateline', 'Tuple(`text` String, `start` Int64, `end` Int64, `city` Nullable(String), `region` Nullable(String), `country` Nullable(String), `country_code` Nullable(String), `date` Nullable(Date32), `agency` Nullable(String))') AS `dateline`,
    JSONType(value, 'dateline') = 'Object' AS `has_dateline`,
    JSONExtract(value, 'lead', 'Tuple(`text` String, `start` Int64, `end` Int64)') AS `lead`,
    JSONType(value, 'lead') = 'Object' AS `has_lead`,
    JSONExtract(value, 'paragraphs', 'Array(Tuple(`text` String, `start` Int64, `end` Int64))') AS `paragraphs`,
    JSONExtract(value, 'text', 'String') AS `text`,
    JSONExtract(value, 'fingerprint', 'Array(Int64)') AS `fingerprint`,
    JSONExtract(value, 'quotes', 'Array(Tuple(`text` String, `start` Int64, `end` Int64, `kind` String, `speaker` Nullable(String), `speaker_mention` Tuple(`text` String, `start` Int64, `end` Int64), `verb` Tuple(`text` String, `start` Int64, `end` Int64), `medium` Nullable(String), `medium_mention` Tuple(`text` String, `start` Int64, `end` Int64), `day` Tuple(`text` String, `start` Int64, `end` Int64, `date` Nullable(String)), `continued` Bool, `continues` Nullable(Int64), `nested` Array(Tuple(`text` String, `start` Int64, `end` Int64)), `rule` String))') AS `quotes`,
    JSONExtract(value, 'attributions', 'Array(Tuple(`source` Tuple(`text` String, `start` Int64, `end` Int64), `source_resolved` Nullable(String), `cue` Tuple(`text` String, `start` Int64, `end` Int64), `content` Tuple(`text` String, `start` Int64, `end` Int64), `via` Tuple(`text` String, `start` Int64, `end` Int64), `day` Tuple(`text` String, `start` Int64, `end` Int64, `date` Nullable(String)), `rule` String))') AS `attributions`,
    JSONExtract(value, 'figures', 'Array(Tuple(`text` String, `start` Int64, `end` Int64, `kind` String, `value` Nullable(Float64), `values` Array(Float64), `noun` Nullable(String), `noun_mention` Tuple(`text` String, `start` Int64, `end` Int64), `unit` Nullable(String), `approx` Bool, `bound` Nullable(String), `per` Nullable(String), `refers_to` Nullable(Int64), `rule` String))') AS `figures`,
    JSONExtract(value, 'sums', 'Array(Tuple(`total` Int64, `parts` Array(Int64)))') AS `sums`,
    JSONExtract(value, 'actors', 'Array(Tuple(`name` String, `role` Nullable(String), `role_mention` Tuple(`text` String, `start` Int64, `end` Int64), `organisation` Nullable(String), `country` Nullable(String), `country_code` Nullable(String), `mentions` Array(Tuple(`text` String, `start` Int64, `end` Int64))))') AS `actors`,
    JSONExtract(value, 'organisations', 'Array(Tuple(`name` String, `type` String, `country_code` Nullable(String), `mentions` Array(Tuple(`text` String, `start` Int64, `end` Int64))))') AS `organisations`,
    JSONExtract(value, 'places', 'Array(Tuple(`name` String, `kind` String, `country_code` Nullable(String), `lat` Nullable(Float64), `lon` Nullable(Float64), `geonames_id` Nullable(Int64), `aliases` Array(String), `mentions` Array(Tuple(`text` String, `start` Int64, `end` Int64))))') AS `places`,
    JSONExtract(value, 'dates', 'Array(Tuple(`text` String, `start` Int64, `end` Int64, `kind` String, `date` Nullable(String), `from` Nullable(Date32), `to` Nullable(Date32), `rule` String, `anchor` Nullable(Date32)))') AS `dates`,
    JSONExtract(value, 'events', 'Array(Tuple(`type` String, `family` String, `plover` Array(String), `status` String, `trigger` Tuple(`text` String, `start` Int64, `end` Int64), `parties` Array(String), `places` Array(String), `date` Nullable(Date32), `until` Nullable(Date32), `figures` Array(Int64), `evidence` Array(Tuple(`text` String, `start` Int64, `end` Int64)), `rule` String))') AS `events`,
    JSONExtract(value, 'extraction', 'Tuple(`rules` String, `warnings` Array(String), `truncated` Bool)') AS `extraction`
FROM article_queue;
