import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readInputs } from '../../src/replica/serve-inputs.ts';
import { makeTemporaryDirectory } from '../config/temporary-directory.ts';

describe('a gridgate.yaml that is named and not there', () => {
  const readIn = async (path: string, env: Record<string, string>) =>
    (await readInputs({ config: path, kubeconfig: 'k' }, env)).issues.filter((issue) =>
      issue.includes('gridgate.yaml'),
    );

  it('is a mistake on a command line', async (t) => {
    const path = join(makeTemporaryDirectory(t), 'gridgate.yaml');
    assert.deepEqual(await readIn(path, {}), [`${path}: cannot be read: there is no such file`]);
  });

  it('is none in a pod, whose ConfigMap may be made later', async (t) => {
    const path = join(makeTemporaryDirectory(t), 'gridgate.yaml');
    assert.deepEqual(await readIn(path, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }), []);
  });
});
