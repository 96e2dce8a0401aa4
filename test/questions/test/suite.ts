import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import type { Finished } from '../../process/finished.ts';
import { runCommand } from '../../process/run-command.ts';

export const NOW = '2026-11-29T12:00:00Z';
export const POD = { spec: { containers: [{ name: 'c' }] } };

/** A world in which eu-north is clean, us-east is above the ceiling, and eu-west is down. */
export const WORLD = {
  now: NOW,
  regions: {
    'eu-north': { gramsPerKwh: 50 },
    'us-west': { gramsPerKwh: 120 },
    'us-east': { gramsPerKwh: 400 },
    'eu-west': { gramsPerKwh: 40, outage: { active: true, reason: 'power loss' } },
  },
  namespaces: { shop: { mode: 'enforce' }, calm: { mode: 'warn' }, legacy: {} },
};

export type Files = Readonly<Record<string, string | object>>;

/** Writes files (objects as YAML) and runs `gridgate test` on their directory. */
export function runFiles(t: TestContext, files: Files, ...args: readonly string[]): Promise<Finished> {
  return runCommand(['test', writeAll(t, files), ...args]);
}

export function writeAll(t: TestContext, files: Files): string {
  const directory = makeTemporaryDirectory(t);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), typeof content === 'string' ? content : stringify(content));
  }
  return directory;
}

/** One case of a pod of shop in that world. */
export function oneCase(expect: object, more: object = {}): Files {
  const given = 'file' in more ? {} : { pod: POD };
  return { 'gridgate-test.yaml': { ...WORLD, cases: [{ name: 'one', namespace: 'shop', ...given, expect, ...more }] } };
}
