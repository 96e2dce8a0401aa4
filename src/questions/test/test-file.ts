import { z } from 'zod';
import { nearestKey } from '../../decision/policy-annotations.ts';
import { REASONS, REFUSALS } from '../../decision/reasons.ts';
import { MAX_GRAMS_PER_KWH } from '../../regions/reading.ts';
import { regionResource } from '../../regions/region-resource.ts';
import { MAX_FORECAST_POINTS } from '../../regions/region-status.ts';
import { parseDuration } from '../../units/duration.ts';
import { REGION_LABEL } from '../../units/label-names.ts';

/** One of these words, with the one that was probably meant where it is none. */
function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  return z.enum(words, {
    error: ({ input }) => {
      const nearest = typeof input === 'string' ? nearestKey(input, words) : undefined;
      return nearest === undefined ? `must be one of ${words.join(', ')}` : `no such word, did you mean ${nearest}?`;
    },
  });
}

/** One, or a list of them. */
function oneOrMore<T extends z.ZodType>(one: T) {
  return z.union([one, z.array(one).max(MOST_ENTRIES)]).transform((given) => (Array.isArray(given) ? given : [given]));
}

const MOST_ENTRIES = 1_000;
/** More would not be read by anybody. */
const MOST_CASES = 100_000;
const HOURS = MAX_FORECAST_POINTS;
const text = z.string().min(1).max(4_000);
const name = z.string().min(1).max(253);
const path = z.string().min(1).max(4_000);
const time = z.iso.datetime({ offset: true }).transform((given) => Date.parse(given));
const grams = z.number().nonnegative().max(MAX_GRAMS_PER_KWH);
const age = z
  .string()
  .refine((given) => parseDuration(given) !== undefined, 'must be a duration such as 2h or 1h30m')
  .transform((given) => parseDuration(given) ?? 0);

const reading = z.union(
  [
    grams,
    z
      .strictObject({
        gramsPerKwh: grams.describe('gCO2e/kWh.'),
        age: age.optional().describe('How old it is, such as 2h; new where it is left out.'),
        forecast: z
          .array(grams)
          .max(HOURS)
          .optional()
          .describe('What is expected, gCO2e/kWh: one value for each hour, from that of the clock beside it on.'),
      })
      .describe('A measured intensity.'),
  ],
  { error: 'must be gCO2e/kWh, or keys gramsPerKwh, age and forecast' },
);
const readings = z.record(name, reading);
const outages = z.array(name).max(MOST_ENTRIES);

/** YAML as kubectl reads it has a truth value of `off`. */
const annotation = z.union([z.string(), z.number()], {
  error: 'must be text or a number; put words such as off, on and no in quotes',
});

const expectation = z
  .strictObject({
    decision: oneOf(['allow', 'steer', 'defer', 'deny'])
      .optional()
      .describe('What gridgate decides. In mode audit and warn a denial lets the pod in all the same: see allowed.'),
    reason: oneOf(Object.keys(REASONS) as [keyof typeof REASONS, ...(keyof typeof REASONS)[]])
      .optional()
      .describe('Why, as metrics and messages call it.'),
    allowed: z.boolean().optional().describe('Whether the API server lets the pod in.'),
    best: oneOrMore(name).optional().describe('The best region, or the first ones in their order.'),
    includes: oneOrMore(name).optional().describe('Regions that the pod may run in, whatever their rank.'),
    excludes: oneOrMore(name).optional().describe('Regions that the pod is kept out of.'),
    refused: z.record(name, oneOf(REFUSALS)).optional().describe('Why regions within reach are refused, by region.'),
    message: oneOrMore(text).optional().describe('What the message of a denial holds.'),
    warnings: oneOrMore(text).optional().describe('What its warnings hold, each in one of them; []: there are none.'),
    startsAt: time.optional().describe('When a pod that waits is to start, RFC 3339.'),
    admitted: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'What the pod holds as it is admitted, patch included: keys that are not named do not count, and an entry of a list is one that is there.',
      ),
  })
  .refine((given) => Object.values(given).some((one) => one !== undefined), 'expects nothing: name what should come')
  .describe('What should come; all that is named counts.');

const testCase = z
  .strictObject({
    name: text.describe('Once in a file; what fails is called by it.'),
    namespace: name
      .optional()
      .describe('Where the pod is created: before what the object says; the only one of the file where neither does.'),
    pod: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('The object: a Pod, whose apiVersion and kind may be left out, or a workload with a template of pods.'),
    file: path.optional().describe('Or a file of manifests, beside this one.'),
    object: name.optional().describe('Which object of that file, such as Deployment/web, where it holds several.'),
    now: time.optional().describe("Another clock, RFC 3339; the file's readings keep their time."),
    readings: readings.optional().describe("Beside the file's; of one region it counts before them."),
    outages: outages.optional().describe("Instead of the file's."),
    expect: expectation,
  })
  .superRefine(({ pod, file, object }, context) => {
    if ((pod === undefined) === (file === undefined))
      context.addIssue({ code: 'custom', message: 'needs either pod or file' });
    if (object !== undefined && file === undefined)
      context.addIssue({ code: 'custom', path: ['object'], message: 'means nothing without file' });
  });

/** What `gridgate-test.yaml` holds. `manifests/gridgate-test.schema.json` is made of it (`npm run schema`). */
export const testFile = z.strictObject({
  now: time.describe('The clock, RFC 3339: nothing of a test depends on when it is run.'),
  config: path
    .optional()
    .describe('gridgate.yaml, beside this file: defaults, limits and nodes; its sources are not asked.'),
  cluster: path
    .optional()
    .describe('A file of Namespaces, whose annotations are the policy, Nodes, NodePools and PriorityClasses.'),
  namespaces: z
    .record(name, z.record(z.string(), annotation))
    .optional()
    .describe('Namespaces, each with its annotations without their prefix gridgate.dev/.'),
  regions: z
    .union([path, z.record(name, regionResource.shape.spec)], {
      error: 'must be a file of Regions, or names with what stands in the spec of a Region',
    })
    .describe('A file of Regions, or Regions by name, each with its spec.'),
  readings: readings
    .optional()
    .describe('Measured intensities by region; they count before a fixed value of its spec.'),
  outages: outages.optional().describe('Regions that are down.'),
  regionLabel: name.default(REGION_LABEL).describe('The label of nodes that names their region.'),
  defaultRegion: name.optional().describe('The home of namespaces that name none.'),
  cases: z
    .array(testCase)
    .min(1, 'holds no case')
    .max(MOST_CASES)
    .describe('Each a pod, and what should become of it.'),
});

export type TestFile = z.output<typeof testFile>;
export type TestCase = TestFile['cases'][number];
export type Expectation = TestCase['expect'];
export type GivenReading = z.output<typeof reading>;
