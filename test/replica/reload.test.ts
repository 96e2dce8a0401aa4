import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makePod, REGION_LABEL } from '../builders.ts';
import { issueForLocalhost, writePair } from '../certs/pairs.ts';
import { NAMESPACES, namespaceYaml, REGIONS, regionYaml, writeDocuments } from '../commands/world-files.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';
import { ask, openTls } from '../webhook/client.ts';
import { type Serving, serveWorld, until, untilLogged } from './serving.ts';

const NOT_RELOADED = 'file not reloaded; its last good version stays';
const IN_NORTH = { object: makePod({ nodeSelector: { [REGION_LABEL]: 'eu-north' } }) };

async function reasonOf(
  { mutate }: Serving,
  parts = IN_NORTH as Parameters<Serving['mutate']>[0],
): Promise<string | undefined> {
  return (await mutate(parts)).auditAnnotations['reason'];
}

describe('while gridgate serves', { timeout: 300_000, concurrency: 3 }, () => {
  it('a changed regions file takes effect, and one with mistakes leaves the last good version in force', async (t) => {
    const serving = await serveWorld(t);
    const { files, gridgate } = serving;
    assert.equal(await reasonOf(serving), 'acceptable');
    writeDocuments(files.regions, [...REGIONS.slice(1), regionYaml('eu-north', { gramsPerKwh: 700 })]);
    await until('the dirty north', async () => (await reasonOf(serving)) === 'high_carbon');
    writeDocuments(files.regions, [...REGIONS.slice(1), regionYaml('eu-north', { gramsPerKwh: -7 })]);
    const { level, problem } = await untilLogged(gridgate, NOT_RELOADED);
    assert.equal(level, 'error');
    assert.match(String(problem), /R\.yaml, document 4, line \d+: spec\.gramsPerKwh/);
    assert.equal(await reasonOf(serving), 'high_carbon');
    writeDocuments(files.regions, REGIONS);
    await until('the clean north', async () => (await reasonOf(serving)) === 'acceptable');
    assert.equal(await gridgate.end(), 0);
  });

  it('a gridgate.yaml with mistakes shows everywhere for as long as it stands, and leaves the replica ready', async (t) => {
    const config = join(makeTemporaryDirectory(t), 'gridgate.yaml');
    writeFileSync(config, 'policy: {mode: warn}\n');
    const { gridgate, page } = await serveWorld(t, ['--config', config]);
    const shown = async () => {
      const [ready, metrics, status, document] = await Promise.all(
        ['/readyz?verbose', '/metrics', '/', '/status.json'].map(page),
      );
      assert.equal(ready?.status, 200);
      const { unreadSettings } = JSON.parse(document?.text ?? '').replica;
      return [
        /^\[!\] gridgate\.yaml: configuration not reloaded.*"audti" is not one of/m.test(ready?.text ?? ''),
        /^gridgate_config_reload_failed 1$/m.test(metrics?.text ?? ''),
        /<div class="alert"><b>gridgate\.yaml:<\/b> configuration not reloaded/.test(status?.text ?? ''),
        unreadSettings.length === 1,
      ].join();
    };
    assert.equal(await shown(), 'false,false,false,false');
    writeFileSync(config, 'policy: {mode: audti}\n');
    await until('the mistake', async () => (await shown()) === 'true,true,true,true');
    writeFileSync(config, 'policy: {mode: warn}\n');
    await until('its end', async () => (await shown()) === 'false,false,false,false');
    assert.equal(await gridgate.end(), 0);
  });

  it('a namespace whose regions match nothing known is a series for as long as that is so', async (t) => {
    const { files, gridgate, page } = await serveWorld(t);
    const told = async () => /^gridgate_sovereignty_unenforceable\{.*$/m.exec((await page('/metrics')).text)?.[0];
    assert.equal(await told(), undefined);
    writeDocuments(files.namespaces, [...NAMESPACES, namespaceYaml('far', { mode: 'enforce', regions: 'asia-*' })]);
    await until('the series', async () => (await told()) === 'gridgate_sovereignty_unenforceable{namespace="far"} 1');
    writeDocuments(files.regions, [...REGIONS, regionYaml('asia-east', { gramsPerKwh: 700 })]);
    await until('its end', async () => (await told()) === undefined);
    assert.equal(await gridgate.end(), 0);
  });

  it('a changed namespaces file takes effect, and one with mistakes leaves the last good version in force', async (t) => {
    const serving = await serveWorld(t);
    const { files, gridgate } = serving;
    const inNew = { ...IN_NORTH, namespace: 'new' };
    assert.equal(await reasonOf(serving, inNew), 'unknown_namespace');
    const strict = namespaceYaml('new', { mode: 'enforce', regions: 'us-*' });
    writeDocuments(files.namespaces, [...NAMESPACES, strict]);
    await until('the new namespace', async () => (await reasonOf(serving, inNew)) === 'not_allowed');
    writeDocuments(files.namespaces, [...NAMESPACES, namespaceYaml('new', { mode: 'enfroce' })]);
    assert.match(String((await untilLogged(gridgate, NOT_RELOADED))['problem']), /"enfroce" is not one of/);
    assert.equal(await reasonOf(serving, inNew), 'not_allowed');
    assert.equal(await gridgate.end(), 0);
  });

  it('an outage ends when its time has come', async (t) => {
    const serving = await serveWorld(t);
    const inWest = { object: makePod({ nodeSelector: { [REGION_LABEL]: 'eu-west' } }) };
    const outage = { active: true, until: new Date(Date.now() + 3_000).toISOString() };
    writeDocuments(serving.files.regions, [...REGIONS.slice(0, 3), regionYaml('eu-west', { gramsPerKwh: 40, outage })]);
    assert.equal(await reasonOf(serving, inWest), 'outage');
    await until('the end of the outage', async () => (await reasonOf(serving, inWest)) === 'acceptable');
    assert.equal(await serving.gridgate.end(), 0);
  });

  it('a renewed certificate is served, the connections of the old one live on, and TLS 1.2 stays refused', async (t) => {
    const { files, gridgate, port, ca } = await serveWorld(t);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    await ask({ port, ca }, '/mutate', IN_NORTH, { agent });
    const next = await issueForLocalhost();
    writePair(files.directory, next);
    await until('the new certificate', () => ask({ port, ca: next.ca }, '/mutate', IN_NORTH).then(() => true));
    await assert.rejects(ask({ port, ca }, '/mutate', IN_NORTH), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    await ask({ port, ca }, '/mutate', IN_NORTH, { agent });
    await assert.rejects(openTls({ port, ca: next.ca }, { maxVersion: 'TLSv1.2' }));
    assert.match(String((await untilLogged(gridgate, 'certificate reloaded'))['fingerprint']), /^[0-9A-F:]{95}$/);
    assert.equal(await gridgate.end(), 0);
  });

  it('a renewed certificate without its key leaves the old pair in service, and says so', async (t) => {
    const { files, gridgate, port, ca } = await serveWorld(t);
    writeFileSync(files.certFile, (await issueForLocalhost()).cert);
    const { level, err } = await untilLogged(gridgate, 'certificate');
    assert.deepEqual([level, (err as { code: string }).code], ['error', 'key_mismatch']);
    await ask({ port, ca }, '/mutate', IN_NORTH);
    assert.equal(await gridgate.end(), 0);
  });
});
