// Writes the JSON Schemas of gridgate.yaml and of the ConfigMap gridgate-outages and of gridgate-test.yaml, and the page of keys: `npm run schema`.
import { writeFileSync } from 'node:fs';
import {
  KEYS_PAGE,
  OUTAGES_SCHEMA_FILE,
  outagesSchema,
  pageWithKeys,
  publishedSchema,
  SCHEMA_FILE,
  TESTS_SCHEMA_FILE,
  testsSchema,
  textOf,
} from './published-schema.ts';

writeFileSync(SCHEMA_FILE, textOf(publishedSchema()));
writeFileSync(OUTAGES_SCHEMA_FILE, textOf(outagesSchema()));
writeFileSync(TESTS_SCHEMA_FILE, textOf(testsSchema()));
writeFileSync(KEYS_PAGE, pageWithKeys());
