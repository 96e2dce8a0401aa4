/** Specs of RegionalAutoscalers that the controller and a cluster judge alike, each good or bad in one way. */
export interface SpecRow {
  readonly name: string;
  readonly spec: object;
  readonly isGood: boolean;
}

const FRANCE = { region: 'france', deployment: 'web-france' };
const targets = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ region: `r${i}`, deployment: `web-${i}` }));

function rows(isGood: boolean, specs: readonly (readonly [name: string, change: object])[]): readonly SpecRow[] {
  return specs.map(([name, change]) => ({ name, spec: { targets: [FRANCE], ...change }, isGood }));
}

export const ALIKE: readonly SpecRow[] = [
  ...rows(true, [
    ['a target alone', {}],
    ['50 targets', { targets: targets(50) }],
    ['two Deployments in one region', { targets: [FRANCE, { region: 'france', deployment: 'api' }] }],
    ['bounds of a target', { targets: [{ ...FRANCE, min: 0, max: 100_000 }] }],
    ['the mode bounds', { mode: 'bounds' }],
    ['bounds of all', { minReplicas: 0, maxReplicas: 100_000 }],
    ['thresholds', { cpu: { scaleUp: 1_000, scaleDown: 1, aggregate: 'maximum' } }],
    ['no thresholds', { cpu: {} }],
    ['patience', { holdCycles: 100, cooldown: '24h', stepLimit: 100, loop: '5s' }],
    ['no cooldown', { cooldown: '0' }],
    ['a cooldown of several units', { cooldown: '1h30m' }],
    ['a cooldown of a day', { cooldown: '1d' }],
    ['a minimum that is the maximum', { minReplicas: 3, maxReplicas: 3, targets: [{ ...FRANCE, min: 3, max: 3 }] }],
    ['switches', { rebalance: true, simulate: true }],
  ]),
  ...rows(false, [
    ['no targets', { targets: [] }],
    ['targets that are none', { targets: null }],
    ['51 targets', { targets: targets(51) }],
    ['a target without a region', { targets: [{ deployment: 'web' }] }],
    ['a region that no node can be in', { targets: [{ ...FRANCE, region: 'a b' }] }],
    ['a target without a Deployment', { targets: [{ region: 'france' }] }],
    ['a Deployment without a name', { targets: [{ ...FRANCE, deployment: '' }] }],
    ['a long name', { targets: [{ ...FRANCE, deployment: 'x'.repeat(254) }] }],
    ['a negative minimum', { targets: [{ ...FRANCE, min: -1 }] }],
    ['half a replica', { targets: [{ ...FRANCE, max: 1.5 }] }],
    ['more than there are', { maxReplicas: 100_001 }],
    ['a number in quotes', { minReplicas: '1' }],
    ['another mode', { mode: 'hpa' }],
    ['a share for a percentage', { cpu: { scaleUp: 0.7 } }],
    ['another aggregate', { cpu: { aggregate: 'median' } }],
    ['a misspelt key', { holdCyles: 3 }],
    ['a misspelt key of a target', { targets: [{ ...FRANCE, maximum: 3 }] }],
    ['no patience', { holdCycles: 0 }],
    ['a step of nothing', { stepLimit: 0 }],
    ['a cooldown without a unit', { cooldown: '300' }],
    ['a cooldown of nothing', { cooldown: '' }],
    ['a loop of no time', { loop: '0' }],
    ['yes in quotes', { rebalance: 'true' }],
    ['a cooldown of more than a day', { cooldown: '25h' }],
    ['a cooldown of more than anybody lives', { cooldown: '999999999h' }],
    ['a loop of a second', { loop: '1s' }],
    ['a loop of more than a day', { loop: '24h1ms' }],
  ]),
];

/** What the controller says by a condition, and the API server does not know; or the other way round. */
export const UNLIKE: readonly SpecRow[] = [
  // The controller knows these only with its defaults, and says them by a condition.
  ...rows(true, [
    ['a minimum above its maximum', { targets: [...targets(49), { ...FRANCE, min: 3, max: 2 }] }],
    ['a minimum of all above their maximum', { minReplicas: 3, maxReplicas: 2 }],
    ['thresholds the wrong way round', { cpu: { scaleUp: 30, scaleDown: 30 } }],
  ]),
  ...rows(false, [['a cooldown of days', { cooldown: '2d' }]]),
  ...rows(true, [['a Deployment twice', { targets: [FRANCE, { ...FRANCE, region: 'latvia' }] }]]),
];
