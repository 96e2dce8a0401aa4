import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { COMPILED } from '../process/compiled.ts';
import { makePodApi } from '../questions/audit/one-pod-api.ts';
import { NAMESPACES, NODE, REGIONS } from './world-files.ts';

const skip = spawnSync('bash', ['--version']).error ? 'bash is not installed' : false;

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { containers: [{ name: 'c' }] },
};

/** `<(cat FILE)` for every file, as a shell makes pipes of them. */
async function runPiped(test: TestContext, line: string) {
  const directory = makeTemporaryDirectory(test);
  const files: Readonly<Record<string, string>> = {
    pod: JSON.stringify(POD),
    nodes: JSON.stringify(NODE),
    regions: REGIONS.join('---\n'),
    namespaces: NAMESPACES.join('---\n'),
    config: 'policy: {max-intensity: 200}\n',
    power: 'pue: {default: 1.2}\n',
    flows: 'from,to,bytes\neu-north,us-west,1e9\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const piped = line.replaceAll(
    /@([\w/.-]+)/g,
    (_, name: string) => `<(cat '${name.startsWith('/') ? name : join(directory, name)}')`,
  );
  const command = `exec '${process.execPath}' src/main.ts ${piped}`;
  const options = { env: { PATH: process.env['PATH'] ?? '', ...COMPILED } };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile('bash', ['--norc', '-c', command], options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

const COMMANDS: Readonly<Record<string, { readonly line: string; readonly says: RegExp }>> = {
  audit: {
    line: 'audit -f @pod --regions @regions --namespaces @namespaces --config @config --power-table @power',
    says: /pod\/web +1 +steer/,
  },
  admit: { line: 'admit -f @pod --regions @regions --namespaces @namespaces --config @config', says: /steer/ },
  regions: { line: 'regions --regions @regions --config @config', says: /eu-north/ },
  weights: { line: 'weights --regions @regions --config @config', says: /eu-north/ },
  preflight: {
    line: 'preflight -f @nodes --compare @nodes --regions @regions --config @config --power-table @power --target-version 1.33 --assume-policy static',
    says: /m7g\.large/,
  },
  spillover: { line: 'spillover --from-file @flows --regions @regions --config @config', says: /kgCO2e/ },
  'serve --print-config': {
    line: 'serve --print-config true --regions @regions --namespaces @namespaces --config @config',
    says: /max-intensity: "200"/,
  },
};

describe('a command whose files are all pipes', { skip }, () => {
  for (const [name, { line, says }] of Object.entries(COMMANDS))
    it(name, async (test) => {
      const { code, stdout, stderr } = await runPiped(test, line);
      assert.ok(code === 0 || code === 1, stderr);
      assert.match(stdout, says, stderr);
    });

  const FROM_INPUT = [
    'admit -f',
    'audit --regions',
    'regions --config',
    'preflight --compare',
    'spillover --from-file',
  ];
  for (const row of FROM_INPUT)
    it(`${row}, which is standard input`, async (test) => {
      const [name = '', option = ''] = row.split(' ');
      const { line = '', says = /^$/ } = COMMANDS[name] ?? {};
      const [given = '', file = ''] = new RegExp(`${option} @(\\w+)`).exec(line) ?? [];
      const { code, stdout, stderr } = await runPiped(test, `${line.replace(given, `${option} -`)} < @${file}`);
      assert.ok(code === 0 || code === 1, stderr);
      assert.match(stdout, says, stderr);
    });

  it('audit --live, whose kubeconfig is used more than once', async (test) => {
    const { kubeconfig } = await makePodApi(test, POD);
    const { stdout, stderr } = await runPiped(test, `audit --live --kubeconfig @${kubeconfig} --regions @regions`);
    assert.match(stdout, /pod\/web/, stderr);
  });
});
