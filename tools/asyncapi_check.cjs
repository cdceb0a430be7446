// Validate schemas/asyncapi.yaml with AsyncAPI's own parser, and fail on any error.
//
//     npm install --no-save --prefix FOLDER @asyncapi/parser@3.6.3
//     NODE_PATH=FOLDER/node_modules node tools/asyncapi_check.cjs
"use strict";

const path = require("node:path");
const { Parser, fromFile } = require("@asyncapi/parser");

const ERROR = 0;
const file = path.join(__dirname, "..", "schemas", "asyncapi.yaml");

fromFile(new Parser(), file)
  .parse()
  .then(({ document, diagnostics }) => {
    const errors = diagnostics.filter((one) => one.severity === ERROR);
    for (const one of errors) {
      console.error(`asyncapi.yaml: ${one.path.join(".")}: ${one.message}`);
    }
    if (errors.length > 0 || document === undefined) {
      process.exit(1);
    }
    console.log(`asyncapi.yaml: good: ${document.allChannels().all().length} channels`);
  });
