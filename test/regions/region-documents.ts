/** Documents that a file and a cluster judge alike, each good or bad in one way. */

export interface Row {
  readonly name: string;
  readonly document: object;
  readonly isGood: boolean;
}

const REGION = { apiVersion: 'gridgate.dev/v1alpha1', kind: 'Region', metadata: { name: 'eu-north-1' } };

function specs(isGood: boolean, rows: readonly (readonly [name: string, spec: unknown])[]): readonly Row[] {
  return rows.map(([name, spec]) => ({ name, document: { ...REGION, spec }, isGood }));
}

function outages(isGood: boolean, rows: readonly (readonly [name: string, outage: unknown])[]): readonly Row[] {
  return specs(
    isGood,
    rows.map(([name, outage]) => [`an outage ${name}`, { outage }]),
  );
}

function documents(isGood: boolean, rows: readonly (readonly [name: string, changes: object])[]): readonly Row[] {
  return rows.map(([name, changes]) => ({ name, document: { ...REGION, ...changes }, isGood }));
}

function homes(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`home-${i}`, i]));
}

export const ALIKE: readonly Row[] = [
  ...documents(true, [
    ['no spec', {}],
    ['a name of 63 characters', { metadata: { name: 'a'.repeat(63) } }],
    ['a name with dots', { metadata: { name: 'eu.north.1' } }],
    ['a status, which is passed over', { status: { band: 'low' } }],
  ]),
  ...documents(false, [
    ['another version', { apiVersion: 'gridgate.dev/v1' }],
    ['another kind', { kind: 'Zone' }],
    ['no name', { metadata: {} }],
    ['a name of 64 characters', { metadata: { name: 'a'.repeat(64) } }],
    ['a name with a space', { metadata: { name: 'eu north' } }],
    ['a misspelt spec', { sepc: { gramsPerKwh: 120 } }],
  ]),
  ...specs(true, [
    ['nothing in its spec', {}],
    ['an intensity of 0', { gramsPerKwh: 0 }],
    ['an intensity of 2,000', { gramsPerKwh: 2000 }],
    ['a fraction', { gramsPerKwh: 120.5 }],
    ['the signal average-lifecycle', { signal: 'average-lifecycle' }],
    ['the signal average-direct', { signal: 'average-direct' }],
    ['the signal marginal', { signal: 'marginal' }],
    ['identifiers of every provider', { gridZone: 'SE-SE3', wattTime: 'BPA', carbonAwareSdk: 'swedencentral' }],
    ['a British region by number', { ukCarbonIntensity: 13 }],
    ['a British region by name', { ukCarbonIntensity: 'London' }],
    ['latencies from homes', { latencyMs: { 'eu-central-1': 24, self: 0, 'us.west_2': 142.5 } }],
    ['a home of 63 characters', { latencyMs: { ['a'.repeat(63)]: 1 } }],
    ['a home of one character', { latencyMs: { a: 1 } }],
    ['256 homes', { latencyMs: homes(256) }],
    ['a free price', { pricePerHour: 0 }],
    ['elastic', { elastic: true }],
  ]),
  ...specs(false, [
    ['a negative intensity', { gramsPerKwh: -0.1 }],
    ['an absurd intensity', { gramsPerKwh: 2000.1 }],
    ['an intensity in quotes', { gramsPerKwh: '120' }],
    ['an unknown signal', { signal: 'average' }],
    ['an empty grid zone', { gridZone: '' }],
    ['a grid zone that is a number', { gridZone: 7 }],
    ['half a British region', { ukCarbonIntensity: 1.5 }],
    ['a British region without a name', { ukCarbonIntensity: '' }],
    ['a British region that is a flag', { ukCarbonIntensity: true }],
    ['an empty WattTime region', { wattTime: '' }],
    ['an empty SDK location', { carbonAwareSdk: '' }],
    ['a negative latency', { latencyMs: { home: -1 } }],
    ['a latency with its unit', { latencyMs: { home: '80ms' } }],
    ['latencies in a list', { latencyMs: [80] }],
    ['a home that is no label value', { latencyMs: { 'a b': 1 } }],
    ['a home that ends with a dash', { latencyMs: { 'home-': 1 } }],
    ['a home without a name', { latencyMs: { '': 1 } }],
    ['a home of 64 characters', { latencyMs: { ['a'.repeat(64)]: 1 } }],
    ['a home of two lines', { latencyMs: { 'home\n': 1 } }],
    ['257 homes', { latencyMs: homes(257) }],
    ['a negative price', { pricePerHour: -1 }],
    ['a price with its currency', { pricePerHour: '$1' }],
    ['elastic in quotes', { elastic: 'true' }],
    ['an unknown key', { gramPerKwh: 120 }],
    ['a spec that is a list', []],
    ['a spec that is text', 'x'],
  ]),
  ...outages(true, [
    ['without words', { active: true }],
    ['that was called off', { active: false }],
    ['with its reason and end', { active: true, reason: 'AZ power loss', until: '2026-11-22T09:00:00Z' }],
    ['until a time with an offset', { active: true, until: '2026-11-22T10:00:00+01:00' }],
    ['until a part of a second', { active: true, until: '2026-11-22T10:00:00.123456789Z' }],
    ['until 29 February of a leap year', { active: true, until: '2028-02-29T10:00:00Z' }],
    ['with a reason of 200 characters', { active: true, reason: 'ä'.repeat(200) }],
    ['with a reason of 200 characters outside of the first plane', { active: true, reason: '🔥'.repeat(200) }],
  ]),
  ...outages(false, [
    ['that is a flag', true],
    ['that does not say whether', { reason: 'x' }],
    ['in quotes', { active: 'true' }],
    ['with an unknown key', { active: true, untill: '2026-11-22T09:00:00Z' }],
    ['with a reason of 201 characters', { active: true, reason: 'x'.repeat(201) }],
    ['until a day', { active: true, until: '2026-11-22' }],
    ['until no time', { active: true, until: 'tomorrow' }],
    ['until a minute', { active: true, until: '2026-11-22T09:00Z' }],
    ['until a local time', { active: true, until: '2026-11-22T09:00:00' }],
    ['until a time in lower case', { active: true, until: '2026-11-22t09:00:00z' }],
    ['until 30 February', { active: true, until: '2026-02-30T09:00:00Z' }],
    ['until 29 February of another year', { active: true, until: '2026-02-29T09:00:00Z' }],
    ['until 24 o’clock', { active: true, until: '2026-11-22T24:00:00Z' }],
    ['until a leap second', { active: true, until: '2026-12-31T23:59:60Z' }],
    ['until an offset of 99 hours', { active: true, until: '2026-11-22T09:00:00+99:00' }],
    ['until an offset without a colon', { active: true, until: '2026-11-22T09:00:00+0100' }],
  ]),
];

/** Where they cannot agree, and why that harms nobody. `isGood` is what the file says; the cluster says the opposite. */
export const UNLIKE: readonly Row[] = [
  // An object's name has no capitals, a label's value may: OpenStack calls its region RegionOne. A file is the only way to name it.
  ...documents(true, [['a name with capitals', { metadata: { name: 'RegionOne' } }]]),
  // The API server takes a null for a key that is not there before any schema sees it; in a file it is a forgotten value.
  ...documents(false, [['a spec of nothing, as `spec:` is in YAML', { spec: null }]]),
  ...specs(false, [['an intensity of null', { gramsPerKwh: null }]]),
];
