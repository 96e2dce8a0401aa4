import { LEAST_WEIGHT, MOST_WEIGHT, OVERLAY_MODES, UNKNOWN_TYPES } from '../units/overlay-settings.ts';
import { optional, withDefault } from './option.ts';
import {
  oneOf,
  type Parsed,
  parseBoolean,
  parseByRegion,
  parsePercent,
  parsePositive,
  parseRegionName,
  textOf,
  textsOf,
} from './parsers.ts';

const AS_IN_CONFIG = 'as overlays: of gridgate.yaml says';

/** Options of the command that prices carbon: overlays. */
export const OVERLAY_OPTIONS = {
  carbonPrice: optional({
    flags: '--carbon-price <price>',
    help: 'price of one kgCO2e in the currency of the prices: 0.1 is 100 a tonne',
    parse: parsePositive('units of currency a kgCO2e'),
    defaultText: `${AS_IN_CONFIG}; needed`,
  }),
  overlayMode: optional({
    flags: '--mode <mode>',
    help: 'add: carbon on top of the price; replace: carbon alone, so that money does not count',
    parse: oneOf(OVERLAY_MODES),
    defaultText: `${AS_IN_CONFIG}, else add`,
  }),
  instanceTypes: optional({
    flags: '--instance-types <file>',
    help: "instance types with their offerings and prices, JSON or YAML: as Karpenter's KWOK provider reads them, or a simpler form",
    parse: textOf('a file'),
    defaultText: `${AS_IN_CONFIG}`,
  }),
  fromCluster: withDefault(false, {
    flags: '--from-cluster [boolean]',
    help: "instance types and zones of the cluster's nodes and NodePools; of prices it says nothing: with --instance-types types, zones and prices are those of the file, and only NodeOverlays and NodePools the cluster's",
    parse: parseBoolean,
  }),
  overlayFiles: optional<readonly string[]>({
    flags: '-f, --filename <path...>',
    help: 'NodeOverlays, NodePools and Nodes, YAML or JSON, instead of those of a cluster',
    parse: textsOf('files'),
  }),
  zoneRegions: optional({
    flags: '--zone-regions <zone=region...>',
    help: 'regions of zones whose names and nodes do not tell; repeat it, or put commas between',
    parse: parseByRegion('pairs such as dc1-a=eu-north-1', parseRegionName),
  }),
  utilisation: optional({
    flags: '--utilisation <percent>',
    help: 'how busy vCPUs and accelerators are taken to be',
    parse: parsePercent,
    defaultText: `${AS_IN_CONFIG}, else 50`,
  }),
  embodiedTable: optional({
    flags: '--embodied-table <file>',
    help: 'own embodied carbon by instance type, CSV, YAML or JSON: kgCO2e, and years or hours',
    parse: textOf('a file'),
    defaultText: `${AS_IN_CONFIG}, else estimates by vCPU, memory and accelerator`,
  }),
  unknownTypes: optional({
    flags: '--unknown <what>',
    help: 'types of which nobody knows the carbon: skip leaves their price, high gives them one above all others',
    parse: oneOf(UNKNOWN_TYPES),
    defaultText: `${AS_IN_CONFIG}, else skip with add, high with replace`,
  }),
  compose: optional({
    flags: '--compose [boolean]',
    help: 'where a NodeOverlay of yours prices an offering, add carbon to that price; false leaves such offerings alone',
    parse: parseBoolean,
    defaultText: `${AS_IN_CONFIG}, else true`,
  }),
  weightRange: optional({
    flags: '--weights <from-to>',
    help: 'the lightest and the heaviest weight of the overlays that are printed',
    parse: parseWeights,
    defaultText: `${AS_IN_CONFIG}, else 9000-9999`,
  }),
  explainPrices: withDefault(false, {
    flags: '--explain [boolean]',
    help: 'print what it changes instead of the overlays: watts, grams, prices, and the carbon price at which the cheapest choice is another',
    parse: parseBoolean,
  }),
  overlayOutput: optional({
    flags: '-o, --output <format>',
    help: 'how to print: yaml, json; table explains as --explain does',
    parse: oneOf(['table', 'json', 'yaml'] as const),
    defaultText: 'yaml; table with --explain',
  }),
};

function parseWeights(text: string): Parsed<readonly [from: number, to: number]> {
  const [, from, to] = /^(\d{1,5})-(\d{1,5})$/.exec(text.trim()) ?? [];
  const range = [Number(from), Number(to)] as const;
  const isOne = range[0] >= LEAST_WEIGHT && range[0] < range[1] && range[1] <= MOST_WEIGHT;
  return isOne
    ? { value: range }
    : { allowed: `two weights from ${LEAST_WEIGHT} to ${MOST_WEIGHT}, the first below the second, such as 9000-9999` };
}
