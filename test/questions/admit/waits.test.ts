import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { namespaceYaml, writeDocuments } from '../../commands/world-files.ts';
import { makeTemporaryDirectory } from '../../config/temporary-directory.ts';
import { runCommand } from '../../process/run-command.ts';

const HOUR_MS = 3_600_000;

/** What `admit` says of a Job's pod, in a region that is clean in six hours for as long as these hours are forecast. */
async function admit(t: TestContext, { forecastHours, defer }: { forecastHours: number; defer?: string }) {
  const directory = makeTemporaryDirectory(t);
  const from = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const forecast = Array.from({ length: forecastHours }, (_, hour) => ({
    from: new Date(from + hour * HOUR_MS).toISOString(),
    gramsPerKwh: hour >= 6 && hour < 12 ? 100 : 400,
  }));
  const region = {
    apiVersion: 'gridgate.dev/v1alpha1',
    kind: 'Region',
    metadata: { name: 'us-east-1' },
    status: { forecast },
  };
  const annotations = { 'gridgate.dev/class': 'flexible', 'gridgate.dev/duration': '2h' };
  const spec = { restartPolicy: 'Never', containers: [{ name: 'c' }] };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'train', namespace: 'lab' },
    spec: { template: { metadata: { annotations }, spec } },
  };
  const write = (name: string, object: object) => {
    writeFileSync(join(directory, name), JSON.stringify(object));
    return join(directory, name);
  };
  const policy = { mode: 'enforce', 'max-intensity': '500', ...(defer !== undefined && { defer }) };
  const args = [
    ...['admit', '-f', write('job.yaml', job), '--regions', write('regions.yaml', region)],
    ...['--namespaces', writeDocuments(join(directory, 'namespaces.yaml'), [namespaceYaml('lab', policy)])],
  ];
  const { stdout: text, stderr: complaints } = await runCommand(args);
  return {
    text,
    complaints,
    data: JSON.parse((await runCommand([...args, '-o', 'json'])).stdout),
  };
}

describe('gridgate admit, of a pod that can wait', () => {
  it('says until when, at the latest when, for how long and what that saves', async (t) => {
    const { text, data, complaints } = await admit(t, { forecastHours: 24, defer: '12h' });
    assert.match(complaints, /whether anybody lets go what waits is not known without a cluster.*: assumed/);
    assert.match(
      text,
      /^ {2}7\. waits {8}until \S+:00:00Z, at the latest \S+Z; length 2h \(it says so itself\); now \S+, expected 100 gCO2e\/kWh in us-east-1: saves \d+%$/m,
    );
    assert.match(text, /^=> defer cleaner_later: the pod waits/m);
    assert.match(text, /^\+ +- name: gridgate\.dev\/defer$/m);
    assert.equal(data.decision, 'defer');
    assert.deepEqual(
      [data.wait.durationSeconds, data.wait.durationFrom, data.wait.region, data.wait.expected],
      [7_200, 'pod', 'us-east-1', 100],
    );
    const [until, latest] = [data.wait.notBefore, data.wait.latestStart].map(Date.parse);
    assert.ok((until ?? 0) > Date.now() && (until ?? 0) <= (latest ?? 0));
  });

  it('says why it does not wait where nothing is forecast, or the namespace lets nothing wait', async (t) => {
    const rows = [
      [{ forecastHours: 0, defer: '12h' }, /^ {2}7\. waits {8}no: .*forecast/m],
      [{ forecastHours: 24 }, /^ {2}7\. waits {8}no: its namespace has no gridgate\.dev\/defer, or 0$/m],
    ] as const;
    for (const [given, says] of rows) {
      const { text, data, complaints } = await admit(t, given);
      assert.match(text, says);
      assert.doesNotMatch(complaints, /assumed/);
      assert.deepEqual([data.wait, data.decision === 'defer'], [undefined, false]);
    }
  });
});
