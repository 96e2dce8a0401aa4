import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { gridgateConfig } from '../../src/config/config-file.ts';
import { testFile } from '../../src/questions/test/test-file.ts';
import { outagesData } from '../../src/sources/outage/configmap-outage.ts';
import { keyTable } from './key-table.ts';

/** The JSON Schema of `gridgate.yaml`, where editors and users find it. */
export const SCHEMA_FILE = 'manifests/gridgate.schema.json';
/** That of a manifest of the ConfigMap `gridgate-outages`. */
export const OUTAGES_SCHEMA_FILE = 'manifests/gridgate-outages.schema.json';
/** That of files of policy tests. */
export const TESTS_SCHEMA_FILE = 'manifests/gridgate-test.schema.json';
/** Says every key of `gridgate.yaml`. */
export const KEYS_PAGE = 'src/sources/README.md';

/** The manifest; what else Kubernetes takes in it is its own. */
const outagesManifest = z.looseObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('ConfigMap'),
  metadata: z.looseObject({
    name: z.string().describe('As gridgate.yaml names it; by default RBAC allows gridgate-outages alone.'),
    namespace: z
      .string()
      .optional()
      .describe('As gridgate.yaml names it; by default RBAC allows gridgate-system alone.'),
  }),
  data: outagesData.optional(),
});

/** What that file holds. Draft 7, which every editor knows. */
export function publishedSchema(): z.core.JSONSchema.BaseSchema {
  return titled(
    gridgateConfig,
    'gridgate.yaml',
    'The configuration of gridgate: sources, outages, bands, policy defaults, limits and nodes.',
  );
}

export function outagesSchema(): z.core.JSONSchema.BaseSchema {
  return titled(
    outagesManifest,
    'gridgate-outages',
    'A ConfigMap that calls regions down or up, for the source of outages of type configmap.',
  );
}

export function testsSchema(): z.core.JSONSchema.BaseSchema {
  return titled(
    testFile,
    'gridgate-test.yaml',
    'Policy tests for `gridgate test`: pods, and what should become of them.',
  );
}

function titled(type: z.ZodType, title: string, description: string): z.core.JSONSchema.BaseSchema {
  const { $schema, ...schema } = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any', target: 'draft-7' });
  return { ...($schema !== undefined && { $schema }), title, description, ...schema };
}

export function textOf(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

const KEYS = /(?<=<!-- keys: npm run schema -->\n\n)[\s\S]*?(?=\n\n<!-- end of keys -->)/;

/** The page with the keys as they are now. */
export function pageWithKeys(): string {
  return readFileSync(KEYS_PAGE, 'utf8').replace(KEYS, () => keyTable(publishedSchema()));
}
