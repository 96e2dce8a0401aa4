import { z } from 'zod';
import { gridgateConfig } from '../../src/config/config-file.ts';

/** The JSON Schema of `gridgate.yaml`, where editors and users find it. */
export const SCHEMA_FILE = 'manifests/gridgate.schema.json';

/** What that file holds. Draft 7, which every editor knows. */
export function publishedSchema(): z.core.JSONSchema.BaseSchema {
  const { $schema, ...schema } = z.toJSONSchema(gridgateConfig, {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-7',
  });
  return {
    ...($schema !== undefined && { $schema }),
    title: 'gridgate.yaml',
    description: 'The configuration of gridgate: sources, outages, bands, policy defaults, limits and nodes.',
    ...schema,
  };
}

export function schemaText(): string {
  return `${JSON.stringify(publishedSchema(), null, 2)}\n`;
}
