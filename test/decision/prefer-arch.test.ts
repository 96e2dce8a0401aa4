import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applied, decideNow, makePod, makeRegion, makeSnapshot, REGION_LABEL } from '../builders.ts';

describe('the preferred architecture', () => {
  const ARCH = { 'prefer-arch': 'arm64', 'home-region': 'eu-a' };
  const rows: readonly [name: string, grams: number | undefined, policy: Record<string, string>, preferred: boolean][] =
    [
      ['home is high', 900, ARCH, true],
      ['home is medium', 250, ARCH, true],
      ['home is low', 200, ARCH, false],
      ['home is unknown', undefined, ARCH, false],
      ['home is no region', 900, { ...ARCH, 'home-region': 'mars' }, false],
      ['no home', 900, { 'prefer-arch': 'arm64' }, false],
      ['not asked for', 900, { 'home-region': 'eu-a' }, false],
    ];
  for (const [name, grams, policy, preferred] of rows) {
    it(`${name}: ${preferred ? 'one preferred term' : 'none'}`, () => {
      const pod = makePod({ nodeSelector: { [REGION_LABEL]: 'us-a' } });
      const decision = decideNow(pod, policy, makeSnapshot([makeRegion('eu-a', grams), makeRegion('us-a', 100)]));
      const terms =
        applied(pod, decision).spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      const archs = terms.filter(({ preference }) => preference.matchExpressions?.[0]?.key === 'kubernetes.io/arch');
      assert.deepEqual(
        archs.map(({ preference }) => preference.matchExpressions),
        preferred ? [[{ key: 'kubernetes.io/arch', operator: 'In', values: ['arm64'] }]] : [],
      );
    });
  }
});
