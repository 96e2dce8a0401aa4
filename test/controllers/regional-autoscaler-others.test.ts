import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ApiError } from '../../src/cluster/api-error.ts';
import { type FakeRegional, fakeRegional, lead } from './fake-regional.ts';

const REGIONS = ['denmark', 'france', 'latvia'] as const;
const TARGETS = REGIONS.map((region) => ({ region, deployment: region, min: 1, max: 3 }));
const BEFORE = 'gridgate.dev/bounds-before';

function boundsBefore(kept: object, wrote: object): Record<string, string> {
  return { [BEFORE]: JSON.stringify({ version: 1, ...kept, owners: { min: [], max: [] }, wrote }) };
}

describe('RegionalAutoscalers whatever others do', () => {
  let fake: FakeRegional;
  const leaders: ReturnType<typeof lead>[] = [];

  beforeEach(() => {
    fake = fakeRegional();
    for (const region of REGIONS) fake.addDeployment(region, 1);
    fake.addAutoscaler('web', { targets: TARGETS });
  });
  afterEach(async () => void (await Promise.all(leaders.splice(0).map(({ stop }) => stop()))));

  function start(options: Parameters<typeof lead>[1] = {}): ReturnType<typeof lead> {
    const one = lead(fake, options);
    leaders.push(one);
    return one;
  }

  /** Seconds until a floor that is broken now is healed. */
  async function healing({ pass }: Pick<ReturnType<typeof lead>, 'pass'>): Promise<number> {
    fake.scaleByHand('latvia', 0);
    for (let seconds = 0; seconds < 600; seconds++) {
      if (fake.of('deployment', 'latvia').spec.replicas === 1) return seconds;
      await pass(1);
    }
    return 600;
  }

  describe('by annotations that somebody made up', () => {
    const refuse = () => {
      fake.world.before = (write) => {
        if (/^(bounds|release) forged/.test(write)) throw new ApiError('PATCH', { code: 422, message: 'not valid' });
      };
    };

    it('a HorizontalPodAutoscaler that cannot be put back is tried less and less often, and holds up nobody', async () => {
      fake.addHpa('forged', 1, 5, boundsBefore({ min: 0, max: 3 }, { min: 1, max: 5 }));
      let tries = 0;
      fake.world.before = (write) => {
        if (write.includes('forged') && ++tries) throw new ApiError('PATCH', { code: 422, message: 'not valid' });
      };
      const { pass } = start();
      await pass(3_600);
      assert.ok(tries >= 5 && tries <= 9, `${tries} tries in an hour`);
      assert.ok((await healing({ pass })) <= 4);
    });

    it('many of them hold up nobody', async () => {
      for (let i = 0; i < 600; i++)
        fake.addHpa(`forged-${i}`, 1, 5, boundsBefore({ min: 0, max: 3 }, { min: 1, max: 5 }));
      refuse();
      const { pass } = start();
      for (let i = 0; i < 6; i++) {
        await pass(17);
        assert.ok((await healing({ pass })) <= 6);
      }
    });

    it('bounds that no HorizontalPodAutoscaler can have are put back nowhere', async () => {
      fake.addHpa('forged', 1, 5, boundsBefore({ min: 9, max: 3 }, { min: 1, max: 5 }));
      const { pass } = start();
      await pass(60);
      const { spec, metadata } = fake.of('hpa', 'forged');
      assert.deepEqual([spec.minReplicas, spec.maxReplicas, metadata.annotations[BEFORE]], [1, 5, undefined]);
    });

    it('a paused HorizontalPodAutoscaler is left as it is', async () => {
      const annotations = boundsBefore({ min: 1, max: 3 }, { min: 2, max: 4 });
      fake.addHpa('paused', 2, 4, { ...annotations, 'gridgate.dev/paused': 'true' });
      const { pass } = start();
      await pass(60);
      assert.deepEqual(
        fake.writes.filter((one) => one.includes('paused')),
        [],
      );
    });
  });

  it('one that may not even be told anything holds up nobody, and is tried less and less often', async () => {
    fake.addAutoscaler('other', { targets: [{ region: 'france', deployment: 'other' }] });
    let tries = 0;
    fake.world.before = (write) => {
      if (write === 'status other' && ++tries) throw new ApiError('PATCH', { code: 403, message: 'not here' });
    };
    const { pass } = start();
    for (let i = 0; i < 6; i++) {
      await pass(100);
      assert.ok((await healing({ pass })) <= 4);
    }
    assert.ok(tries >= 4 && tries <= 10, `${tries} tries in ten minutes`);
  });

  it('a namespace that takes no more Events holds up nobody', async () => {
    let tries = 0;
    fake.world.before = (write) => {
      if (write.startsWith('event') && ++tries) throw new ApiError('POST', { code: 403, message: 'exceeded quota' });
    };
    const { pass } = start();
    for (let i = 0; i < 6; i++) {
      await pass(100);
      assert.ok((await healing({ pass })) <= 4);
    }
    assert.ok(tries <= 20, `${tries} tries in ten minutes`);
    fake.world.before = () => {};
    await pass(600);
    assert.equal(fake.events.length, 6, 'told in the end');
  });

  it('those in the namespaces of Kubernetes and of gridgate are not looked at', async () => {
    for (const namespace of ['kube-system', 'gridgate-system']) {
      fake.addDeployment('dns', 20, namespace);
      fake.addAutoscaler('dns', { targets: [{ region: 'france', deployment: 'dns' }] }, {}, namespace);
      fake.addHpa('dns', 2, 4, boundsBefore({ min: 1, max: 3 }, { min: 2, max: 4 }), namespace);
    }
    const { pass } = start();
    await pass(120);
    assert.deepEqual(
      fake.writes.filter((one) => one.includes('dns')),
      [],
    );
  });

  it('many of one namespace that have much to tell keep no other from its work', async () => {
    for (let i = 0; i < 1_000; i++)
      fake.addAutoscaler(`idle-${i}`, { targets: [{ region: 'france', deployment: `none-${i}` }] }, {}, 'tenant');
    const { pass } = start();
    await pass(3);
    for (let i = 0; i < 4; i++) {
      assert.ok((await healing({ pass })) <= 10);
      await pass(17);
    }
    await pass(600);
    assert.ok(fake.of('web', 'idle-999', 'tenant').status.conditions.length > 0, 'all are told in the end');
  });

  it('many short loops leave time to tell what was done', async () => {
    for (let i = 0; i < 40; i++) {
      fake.addDeployment(`busy-${i}`, 1);
      const targets = [{ region: 'france', deployment: `busy-${i}`, max: 2 }];
      fake.addAutoscaler(`busy-${i}`, { targets, loop: '5s', cooldown: '1s', holdCycles: 1 });
    }
    fake.world.millicores = 90;
    const { pass } = start();
    await pass(35);
    assert.equal(fake.events.filter(({ note }) => note.startsWith('busy')).length, 40);
  });

  it('many of one namespace that have much to do keep no other from its work', async () => {
    for (let i = 0; i < 300; i++) {
      fake.addDeployment(`low-${i}`, 0, 'tenant');
      fake.addAutoscaler(`low-${i}`, { targets: [{ region: 'france', deployment: `low-${i}` }] }, {}, 'tenant');
    }
    const { pass } = start();
    assert.ok((await healing({ pass })) <= 15);
    await pass(240);
    assert.equal(fake.of('deployment', 'low-299', 'tenant').spec.replicas, 1);
  });
});
