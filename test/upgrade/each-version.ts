/**
 * Runs what each feature needs of Kubernetes on the versions that are named, and prints a row of the table in
 * manifests/upgrading.md for each: `node test/upgrade/each-version.ts 1.34 1.35 1.37`, after
 * `K8S_VERSION=1.37 test/control-plane/build.sh` for each and `npm run build`. What did not pass goes to standard error.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { text } from 'node:stream/consumers';

/** End-to-end files by feature; where a pattern meets nothing, that is told. */
const FEATURES = {
  guards: ['test/cluster/{controllers,scaling,node-pools}-guard.e2e.ts'],
  CRDs: ['test/{regions,scaling}/crd.e2e.ts'],
  admission: ['test/cluster/webhook-rules.e2e.ts', 'test/e2e/placement.e2e.ts'],
  refusal: ['test/e2e/refusal.e2e.ts'],
  waiting: ['test/e2e/waiting-admission.e2e.ts', 'test/e2e/waiting-story.e2e.ts'],
  live: ['test/e2e/live.e2e.ts'],
  upgrade: ['test/upgrade/*.e2e.ts'],
  capacity: ['test/e2e/{node-pools,regional-autoscaler,budgets}.e2e.ts'],
  check: ['test/questions/check/check.e2e.ts'],
  uninstall: ['test/commands/uninstall/uninstall.e2e.ts'],
  'real pods': ['test/control-plane/process-kubelet.e2e.ts'],
  chart: ['test/chart/*.e2e.ts'],
} as const;

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

for (const version of process.argv.slice(2)) {
  const cells: string[] = [];
  for (const [feature, patterns] of Object.entries(FEATURES)) {
    const files = globSync(patterns).sort();
    if (files.length === 0) cells.push(`${feature}: no file`);
    for (const file of files) {
      const outcome = await runOn(version, file);
      process.stderr.write(`${version} ${feature} ${file}: ${inWords(outcome)}\n`);
      cells.push(`${feature}: ${inWords(outcome)}`);
    }
  }
  process.stdout.write(`| ${version} | ${new Date().toISOString().slice(0, 10)} | ${cells.join('; ')} |\n`);
}

async function runOn(version: string, file: string): Promise<Outcome> {
  const child = spawn(process.execPath, ['--test', '--test-reporter=tap', file], {
    env: { ...process.env, K8S_VERSION: version },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = await text(child.stdout);
  const count = (name: string) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  const outcome = { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped') };
  if (outcome.failed === 0 && outcome.passed > 0) return outcome;
  process.stderr.write(output);
  process.exitCode = 1;
  return outcome;
}

function inWords({ passed, failed, skipped }: Outcome): string {
  const others = [failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`].filter(Boolean);
  return [`${passed} passed`, ...others].join(', ');
}
