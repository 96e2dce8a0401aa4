import { z } from 'zod';
import { LEAST_WEIGHT, MOST_WEIGHT, OVERLAY_MODES, UNKNOWN_TYPES } from '../units/overlay-settings.ts';
import { text } from './config-fields.ts';

export const DEFAULT_WEIGHTS = [9_000, 9_999] as const;

const weight = z.int().min(LEAST_WEIGHT).max(MOST_WEIGHT);

/** The section `overlays` of gridgate.yaml. */
export const overlayConfig = z
  .strictObject({
    carbonPrice: z
      .number()
      .positive()
      .max(1_000_000)
      .optional()
      .describe(
        'Of one kgCO2e, in the currency of the prices that Karpenter knows: 0.1 is 100 a tonne. Without it no NodeOverlay is written.',
      ),
    mode: z
      .enum(OVERLAY_MODES)
      .default('add')
      .describe(
        'add: carbon on top of the price. replace: carbon instead of the price; then money does not count at all.',
      ),
    utilisation: z
      .number()
      .positive()
      .max(100)
      .default(50)
      .describe('Percent to which vCPUs and accelerators are busy: what an instance is taken to draw.'),
    unknown: z
      .enum(UNKNOWN_TYPES)
      .optional()
      .describe(
        'Instance types of which nobody knows the carbon. skip (the default with add): they keep their price. high (the default with replace): one above all others; consolidation then replaces running nodes of such types.',
      ),
    compose: z
      .boolean()
      .default(true)
      .describe('Whether offerings that NodeOverlays of yours price get one with yours in it, or are left alone.'),
    weights: z
      .tuple([weight, weight])
      .refine(
        ([from, to]) => from < to,
        'the first must be below the second: one overlay takes the place of another with another weight',
      )
      .default([...DEFAULT_WEIGHTS])
      .describe('The lightest and the heaviest weight of the NodeOverlays that gridgate writes.'),
    instanceTypes: text
      .optional()
      .describe(
        'Path of a file of instance types, their offerings and prices; a change counts within seconds. Percentages of NodeOverlays of yours are worked out of its prices. Without it: what nodes and NodePools show.',
      ),
    embodiedTable: text
      .optional()
      .describe(
        'Path of a table of embodied carbon by instance type, CSV, YAML or JSON; a change counts within seconds.',
      ),
    powerTable: text
      .optional()
      .describe(
        'Path of a table of own power figures, YAML or JSON, as --power-table reads it; a change counts within seconds.',
      ),
  })
  .prefault({})
  .describe(
    'Prices of carbon for Karpenter, as NodeOverlays: what the option --node-overlays lets the controllers keep.',
  );

export type OverlayConfig = z.infer<typeof overlayConfig>;
