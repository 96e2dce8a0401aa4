// Writes the JSON Schema of gridgate.yaml: `npm run schema`.
import { writeFileSync } from 'node:fs';
import { SCHEMA_FILE, schemaText } from './published-schema.ts';

writeFileSync(SCHEMA_FILE, schemaText());
