// Validate schemas/asyncapi.yaml, or other documents, with AsyncAPI's own parser, and fail on any error.
//
//     npm ci --ignore-scripts --prefix tools/asyncapi && node tools/asyncapi/check.cjs [FILE ...]
//
// tests/integration/test_asyncapi.py does so.
"use strict";

const path = require("node:path");
const { Parser, fromFile } = require("@asyncapi/parser");

const ERROR = 0;
const given = process.argv.slice(2);
const files = given.length > 0 ? given : [path.join(__dirname, "..", "..", "schemas", "asyncapi.yaml")];

async function check(file) {
  const name = path.basename(file);
  const { document, diagnostics } = await fromFile(new Parser(), file).parse();
  const errors = diagnostics.filter((one) => one.severity === ERROR);
  for (const one of errors) {
    console.log(`${name}: ${one.path.join(".")}: ${one.message}`);
  }
  if (errors.length > 0 || document === undefined) {
    process.exitCode = 1;
  } else {
    console.log(`${name}: good: ${document.allChannels().all().length} channels`);
  }
}

(async () => {
  for (const file of files) {
    await check(file);
  }
})();
