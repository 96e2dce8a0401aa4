import { createHash } from 'node:crypto';
import { type LeftAlone, MOST_OVERLAYS, type OverlayPlan } from '../../capacity/plan-overlays.ts';
import { HIGH_PRICE } from '../../capacity/price-cells.ts';
import type { NodeOverlayFacts } from '../../regions/node-overlay.ts';
import { MINUTE_MS } from '../../units/moment.ts';
import { itself, nameFew } from '../../units/tell-few.ts';
import { type EventParts, HOME_OF_EVENTS, toEvent } from '../event.ts';
import type { Notice } from '../notices.ts';
import type { OverlayWork } from './plan.ts';

/** Something to tell of an overlay for as long as it is so. */
export interface Told extends Pick<EventParts, 'type' | 'reason' | 'note'> {
  /** The overlay that it is about; what is about all of ours is about one that is called so, whether it is there or not. */
  readonly about: Pick<NodeOverlayFacts, 'name' | 'uid'>;
}

/** Karpenter looks at overlays within a second. */
const LOOKED_AT_WITHIN_MS = 5 * MINUTE_MS;
/** People may have hundreds of overlays, and each of ours may be refused. */
const MOST_TOLD = 10;
const MOST_NAMED = 5;
const LONGEST = 400;
const ALL_OF_OURS = { name: 'gridgate' };

/** What is wrong with overlays of users, as far as it touches ours. */
export function tellUsers({ conflicts, leftAlone }: OverlayPlan, users: readonly NodeOverlayFacts[]): readonly Told[] {
  const byName = new Map(users.map((one) => [one.name, one]));
  const aboutNamed = (name: string) => ({ name, ...uidOf(byName.get(name)) });
  const ofConflicts = conflicts.map(({ applied, refused, weight, at }) =>
    warning(
      'OverlayConflict',
      aboutNamed(refused),
      `it prices ${at.type} in ${at.zone} with weight ${weight}, and so does ${applied}: Karpenter applies nothing of it`,
    ),
  );
  const byOverlay = Map.groupBy(leftAlone, ({ reason, overlay = '' }) => JSON.stringify([reason, overlay]));
  const ofOverlays = [...byOverlay.values()].flatMap((alike) => {
    const [first] = alike;
    const words = first?.overlay === undefined ? undefined : USERS_WORDS[first.reason];
    if (!first?.overlay || !words) return [];
    const types = nameFew([...new Set(alike.map(({ type }) => type))], MOST_NAMED, itself);
    return [
      warning('CarbonPriceLeftOut', aboutNamed(first.overlay), `no price of carbon is added for ${types}: ${words}`),
    ];
  });
  return [...ofConflicts.slice(0, MOST_TOLD), ...ofOverlays.slice(0, MOST_TOLD)];
}

const USERS_WORDS: Readonly<Partial<Record<LeftAlone['reason'], string>>> = {
  unknown_labels:
    'it asks for a label of which gridgate does not know whether they have it; overlays.instanceTypes of gridgate.yaml can say so',
  unknown_price:
    'it is a percentage of a price that gridgate does not know; overlays.instanceTypes of gridgate.yaml can say it',
  heavier: 'it is as heavy as the heaviest of overlays.weights of gridgate.yaml, or heavier',
};

/** What Karpenter makes of ours: nothing at all, or a refusal. */
export function tellVerdicts(own: readonly NodeOverlayFacts[], now: number): readonly Told[] {
  const refused = own.filter(({ verdict }) => verdict?.isValid === false);
  const ofRefused = refused
    .slice(0, MOST_TOLD)
    .map((one) =>
      warning(
        'OverlayRefused',
        one,
        `Karpenter does not apply it: ${one.verdict?.reason}: ${one.verdict?.message.slice(0, LONGEST)}`,
      ),
    );
  const [first] = own;
  const isUnseen = own.every(({ verdict }) => verdict === undefined);
  const oldest = Math.min(...own.map(({ createdAt = now }) => createdAt));
  if (!first || !isUnseen || now - oldest < LOOKED_AT_WITHIN_MS) return ofRefused;
  return [warning('OverlaysUnseen', first, UNSEEN)];
}

export const UNSEEN =
  'Karpenter has not looked at it, nor at any other of gridgate: its feature gate NodeOverlay is off, or it does not run; until then prices of carbon change nothing';

/** In audit: what `on` would do. */
export function tellWould(plan: OverlayPlan, { changes, prices, deletions }: OverlayWork): readonly Told[] {
  if (changes.length + prices.length + deletions.length === 0) return [];
  const priced = plan.cells.filter(([, price]) => 'group' in price).length;
  const carbon = plan.wanted.flatMap(({ carbonPrice }) => carbonPrice ?? []).sort((a, b) => a - b);
  const [least, most] = [carbon[0] ?? 0, carbon.at(-1) ?? 0];
  const note = `with --node-overlays=on there would be ${plan.wanted.length} NodeOverlays for ${priced} offerings, with a price of carbon from about ${told(least)} to ${told(most)} an hour`;
  return [{ type: 'Normal', reason: 'OverlaysWouldChange', about: ALL_OF_OURS, note }];
}

/** Why nothing can be decided. */
export function tellProblem({
  problem,
  isUnasked = false,
}: {
  readonly problem: string;
  readonly isUnasked?: boolean;
}): Told {
  const what = isUnasked ? 'those of gridgate go' : 'they stay as they are';
  return warning('OverlaysNotKept', ALL_OF_OURS, `NodeOverlays: ${what}: ${problem}`);
}

/** What the API server does not let the controllers write. */
export function tellRefused(refused: ReadonlyMap<string, string>): readonly Told[] {
  return [...refused]
    .slice(0, MOST_TOLD)
    .map(([name, message]) =>
      warning('OverlayNotWritten', { name }, `the API server refuses it: ${message.slice(0, LONGEST)}`),
    );
}

/** Types that are priced above all others. */
export function tellHigh({ cells }: OverlayPlan): readonly Told[] {
  const isHigh = (price: OverlayPlan['cells'][number][1]) => 'group' in price && price.group.term.amount === HIGH_PRICE;
  const types = [...new Set(cells.flatMap(([{ type }, price]) => (isHigh(price) ? type.name : [])))];
  if (types.length === 0) return [];
  const named = nameFew(types, MOST_NAMED, itself);
  return [
    warning(
      'CarbonUnknown',
      ALL_OF_OURS,
      `no carbon is known of ${named}: priced above all others (overlays.unknown: high), so that consolidation replaces running nodes of such types`,
    ),
  ];
}

/** What has no price of carbon for a reason that is no overlay of a user. */
export function tellLeftOut({ leftAlone }: OverlayPlan): readonly Told[] {
  const byReason = Map.groupBy(leftAlone, ({ reason, why = '' }) => JSON.stringify([reason, why]));
  return [...byReason.values()]
    .flatMap((alike) => {
      const [first] = alike;
      const words = first && WORDS[first.reason];
      if (!words) return [];
      const types = nameFew([...new Set(alike.map(({ type }) => type))], MOST_NAMED, itself);
      const overlays = nameFew([...new Set(alike.flatMap(({ overlay }) => overlay ?? []))], MOST_NAMED, itself);
      const note = `no price of carbon for ${types}${words({ why: first.why ?? '', overlays })}`;
      return [warning('CarbonPriceLeftOut', ALL_OF_OURS, note)];
    })
    .slice(0, MOST_TOLD);
}

interface LeftOut {
  readonly why: string;
  /** Names, in words. */
  readonly overlays: string;
}

const WORDS: Readonly<Partial<Record<LeftAlone['reason'], (left: LeftOut) => string>>> = {
  unknown_size: ({ why }) => `: ${why}; overlays.instanceTypes of gridgate.yaml can say it`,
  unknown_region: ({ why: zone }) =>
    ` in zone ${zone}: nobody knows its region; overlays.instanceTypes of gridgate.yaml can say it`,
  by_hand: ({ overlays }) =>
    `: NodeOverlays that gridgate overlays printed were applied there; delete ${overlays}, and the controller keeps its own`,
  too_many: ({ why: pools }) => `${pools && ` ${pools}`}: more than ${MOST_OVERLAYS} NodeOverlays would be needed`,
};

/** An Event on a NodeOverlay. Its name is that of what it says. */
export function toNotice(
  { about, ...told }: Told,
  { instance, now }: { readonly instance: string; readonly now: () => number },
): Notice {
  const hash = createHash('sha256')
    .update(`${about.uid ?? about.name}\n${told.reason}\n${told.note}`)
    .digest('hex');
  const name = `gridgate-overlays-${hash.slice(0, 12)}`;
  const regarding = { apiVersion: 'karpenter.sh/v1alpha1', kind: 'NodeOverlay', name: about.name, ...uidOf(about) };
  const parts = { ...told, name, namespace: HOME_OF_EVENTS, action: 'PriceCarbon', regarding, instance };
  return {
    namespace: HOME_OF_EVENTS,
    name,
    event: () => toEvent({ ...parts, regarding: { ...regarding, namespace: undefined } }, now()),
  };
}

function warning(reason: string, { name, uid }: Told['about'], note: string): Told {
  return { type: 'Warning', reason, about: { name, ...(uid !== undefined && { uid }) }, note };
}

function uidOf(one: Partial<Pick<NodeOverlayFacts, 'uid'>> | undefined): { readonly uid?: string } {
  return one?.uid === undefined ? {} : { uid: one.uid };
}

function told(price: number): string {
  return Number(price.toPrecision(1))
    .toFixed(8)
    .replace(/\.?0+$/, '');
}
