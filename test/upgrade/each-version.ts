/**
 * Runs what each feature needs of Kubernetes on the versions that are named, one file after the other, tells of each as it ends,
 * and prints the table of manifests/upgrading.md: `node test/upgrade/each-version.ts 1.34 1.35 1.36 1.37`, after
 * `make control-plane K8S_VERSION=1.34` for each and `make build`. What did not pass goes to standard error.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { text } from 'node:stream/consumers';

/** One end-to-end file, or a pair, by feature. */
const FEATURES = {
  refusal: ['test/e2e/refusal.e2e.ts'],
  'waiting, release': ['test/e2e/waiting-story.e2e.ts'],
  'NodePools follow carbon': ['test/e2e/node-pools.e2e.ts'],
  'RegionalAutoscalers, HPA': ['test/e2e/regional-autoscaler.e2e.ts'],
  chart: ['test/chart/install.e2e.ts'],
  check: ['test/questions/check/check.e2e.ts'],
  uninstall: ['test/commands/uninstall/uninstall.e2e.ts'],
  'a requirement is never widened': ['test/e2e/never-widened.e2e.ts'],
  'guards, rights': ['test/cluster/controllers-guard.e2e.ts'],
  CustomResourceDefinitions: ['test/{regions,scaling}/crd.e2e.ts'],
  'readings, outages, leader, kill switch': ['test/e2e/live.e2e.ts'],
  'real pods, rolling upgrade, rollback': ['test/upgrade/rolling.e2e.ts'],
} as const;

const versions = process.argv.slice(2);
const began = now();
const rows: string[][] = [];
for (const [feature, file] of filesByFeature()) {
  const row = [`\`${file}\``, feature];
  for (const version of versions) {
    const outcome = await runOn(version, file);
    process.stderr.write(`${now()} ${version} ${file}: ${outcome}\n`);
    row.push(outcome);
  }
  rows.push(row);
}

for (const row of [['test file', 'feature', ...versions], ['---', '---', ...versions.map(() => '---')], ...rows])
  process.stdout.write(`| ${row.join(' | ')} |\n`);
process.stdout.write(`\n${began} to ${now()}\n`);

function filesByFeature(): (readonly [feature: string, file: string])[] {
  return Object.entries(FEATURES).flatMap(([feature, patterns]) => {
    const files = globSync(patterns).sort();
    if (files.length === 0) throw new Error(`no file is ${patterns}`);
    return files.map((file) => [feature, file] as const);
  });
}

/** In words: how many of its tests passed. A file none of whose tests passed, or one of which failed, fails this program. */
async function runOn(version: string, file: string): Promise<string> {
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', file], {
    env: { ...process.env, K8S_VERSION: version },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await text(child.stdout);
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  const [passed, skipped, failed] = [count('pass'), count('skipped'), count('fail') + count('cancelled')];
  if (failed > 0 || passed === 0) {
    process.stderr.write(output);
    process.exitCode = 1;
  }
  return `${passed} of ${passed + failed}${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function now(): string {
  return new Date().toISOString().slice(0, 16).replace('T', ' ');
}
