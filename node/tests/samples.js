// Every sample is valid against the schema of the envelope and of its kind's payload, by a validator that
// knows nothing of ours and takes no keyword that it doesn't know.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import Ajv from "ajv/dist/2020.js";

const root = new URL("../../", import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, root), "utf8"));

const ajv = new Ajv.default({ strict: true, allErrors: true });
ajv.addVocabulary(["x-newswire-kind", "x-newswire-class", "x-newswire-otel"]);
for (const format of ["uuid", "date-time"]) ajv.addFormat(format, /^[0-9a-f-]{36}$|^\S+T\S+Z$/);
ajv.addFormat("int64", { type: "number", validate: Number.isInteger });

const validateEvent = ajv.compile(read("schema/event.schema.json"));
const validators = new Map();
for (const file of readdirSync(new URL("schema/payload/", root))) {
  const schema = read(`schema/payload/${file}`);
  assert.equal(file, `${schema["x-newswire-kind"]}.schema.json`);
  validators.set(schema["x-newswire-kind"], ajv.compile(schema));
}

const samples = read("tests/conformance/samples.json");

test("every sample is valid", () => {
  for (const sample of samples) {
    assert.ok(validateEvent(sample), `${sample.kind}: ${ajv.errorsText(validateEvent.errors)}`);
    const validatePayload = validators.get(sample.kind);
    assert.ok(validatePayload(sample.payload), `${sample.kind}: ${ajv.errorsText(validatePayload.errors)}`);
  }
});

test("every schema has a sample", () => {
  assert.deepEqual(samples.map((sample) => sample.kind).sort(), [...validators.keys()].sort());
});

test("a required field that is missing and one of the wrong type are refused", () => {
  const validate = validators.get("tool.call.completed");
  assert.ok(!validate({}));
  assert.ok(!validate({ name: 7 }));
  assert.ok(!validate({ name: "search", duration_ns: "7" }));
  assert.ok(validate({ name: "search", later: [1] }), "unknown fields are valid");
});
