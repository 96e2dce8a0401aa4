import { alive, holds, isSame, unique } from './certificate-set.ts';
import { isIssuedBy, type ParsedCertificate } from './parsed-certificate.ts';
import type { StoredAuthority, StoredLeaf } from './stored-certificates.ts';

export interface RotationState {
  /** Absent when missing or damaged. */
  readonly authority?: StoredAuthority | undefined;
  readonly leaf?: StoredLeaf | undefined;
  /** What a damaged Secret of the authority still says about whom to trust. */
  readonly remnants?: readonly ParsedCertificate[];
  /** What each webhook's caBundle carries. */
  readonly bundles: readonly (readonly ParsedCertificate[])[];
}

export type RotationAction =
  | { readonly kind: 'create-authority'; readonly reason: string; readonly previous: readonly ParsedCertificate[] }
  | { readonly kind: 'issue-leaf'; readonly reason: string; readonly previousUntil?: number }
  | { readonly kind: 'set-previous'; readonly reason: string; readonly previous: readonly ParsedCertificate[] }
  | { readonly kind: 'write-bundles'; readonly reason: string; readonly wanted: readonly ParsedCertificate[] }
  /** Without `since`: a bundle has lost the authority, so the wait begins again. */
  | { readonly kind: 'note-carried'; readonly reason: string; readonly since?: number }
  /** Nothing to do before this moment, epoch milliseconds. */
  | { readonly kind: 'wait'; readonly until: number };

/** A certificate from farther in the future than any clock is wrong counts as damaged; an hour's jump must not. */
const MOST_AHEAD_MS = 24 * 3_600_000;
/** A bundle is asked at every handshake; only repeated damage makes more than two. */
const MOST_PREVIOUS = 8;

/**
 * The one next action; `now` in epoch milliseconds. A new authority goes into every bundle beside the old one at once, and
 * its first leaf waits until all have carried it for `holdMs`:
 *
 * | leaf                                | authority in every bundle for holdMs | otherwise                              |
 * | ----------------------------------- | ------------------------------------ | -------------------------------------- |
 * | of this authority, young            | keep                                 | keep                                   |
 * | of this authority, due, other names | issue                                | issue: who trusts the old trusts it    |
 * | of an earlier authority             | issue                                | wait                                   |
 * | missing or damaged                  | issue                                | wait if a bundle trusts another, where |
 * |                                     |                                      | replicas serve on from memory          |
 * | expired                             | issue                                | issue: nothing is left to lose         |
 */
export function planRotation(state: RotationState, holdMs: number, now: number): RotationAction {
  const authority = isCredible(state.authority, now) ? state.authority : undefined;
  const leaf = isCredible(state.leaf, now) ? state.leaf : undefined;
  if (!authority) {
    const trusted = [...(leaf?.issuers ?? []), ...(state.remnants ?? []), ...state.bundles.flat()];
    const previous = alive(unique(trusted), now).filter(({ x509 }) => x509.ca);
    return { kind: 'create-authority', reason: 'there is no usable CA', previous: previous.slice(0, MOST_PREVIOUS) };
  }
  if (now >= renewalOf(authority.certificate)) {
    const previous = alive(unique([authority.certificate, ...authority.previous]), now).slice(0, MOST_PREVIOUS);
    return { kind: 'create-authority', reason: 'two thirds of the life of the CA are over', previous };
  }
  const known = { authority, leaf, bundles: state.bundles };
  return (
    // This comes first: only the leaf still tells who issued what a replica may still serve, and the next step may replace it.
    planPrevious(known, now) ??
    planLeaf(known, holdMs, now) ??
    planBundles(known, now) ?? { kind: 'wait', until: nextMoment(known, holdMs, now) }
  );
}

interface Known {
  readonly authority: StoredAuthority;
  readonly leaf: StoredLeaf | undefined;
  readonly bundles: RotationState['bundles'];
}

function planLeaf(known: Known, holdMs: number, now: number): RotationAction | undefined {
  const { authority, leaf } = known;
  const isSettled = isCarriedByAll(known) && now - (authority.carriedSince ?? now) >= holdMs;
  if (!leaf) {
    const waits = !isSettled && trustsAnother(known, now);
    return waits ? undefined : { kind: 'issue-leaf', reason: 'there is no usable certificate' };
  }
  const reason = whyIssue(known, leaf, isSettled, now);
  if (reason === undefined) return undefined;
  const ends = isCurrent(known) ? [] : [leaf.certificate.notAfter];
  const previousUntil = Math.max(leaf.previousUntil ?? 0, ...ends);
  return { kind: 'issue-leaf', reason, ...(previousUntil > 0 && { previousUntil }) };
}

function whyIssue(known: Known, leaf: StoredLeaf, isSettled: boolean, now: number): string | undefined {
  if (now >= leaf.certificate.notAfter) return 'the certificate has expired';
  if (!isCurrent(known)) return isSettled ? 'every bundle has carried the new CA long enough' : undefined;
  if (!leaf.coversNames) return 'the certificate lacks a name of the Service';
  return isLeafDue(known, leaf, now) ? 'two thirds of the life of the certificate are over' : undefined;
}

/** A leaf that ends with its authority cannot be made longer: the authority's own renewal brings the next one. */
function isLeafDue({ authority }: Known, { certificate }: StoredLeaf, now: number): boolean {
  return now >= renewalOf(certificate) && certificate.notAfter < authority.certificate.notAfter;
}

/** A replica may still serve the last leaf of an earlier authority, until that leaf ends. */
function planPrevious(known: Known, now: number): RotationAction | undefined {
  const { authority, leaf, bundles } = known;
  const isNeeded = (previous: ParsedCertificate) =>
    !isCurrent(known) || now < (leaf?.previousUntil ?? previous.notAfter);
  // The served certificate itself tells whom to go on trusting, in case somebody edited the list.
  const issuers = leaf ? [...leaf.issuers, ...bundles.flat().filter((one) => isIssuer(one, leaf))] : [];
  // With a new authority and no leaf, only the bundles can tell what replicas serve from memory.
  const trusted = leaf || isCarriedByAll(known) ? [] : bundles.flat().filter(({ x509 }) => x509.ca);
  const others = unique([...authority.previous.filter(isNeeded), ...issuers, ...trusted]).filter(
    ({ fingerprint }) => fingerprint !== authority.certificate.fingerprint,
  );
  const previous = alive(others, now).slice(0, MOST_PREVIOUS);
  if (isSame(previous, authority.previous)) return undefined;
  return { kind: 'set-previous', reason: 'which earlier CAs issued what may still be served has changed', previous };
}

function planBundles(known: Known, now: number): RotationAction | undefined {
  const { authority, bundles } = known;
  const { carriedSince } = authority;
  const isCarried = isCarriedByAll(known);
  if (!isCarried && carriedSince !== undefined && !isCurrent(known)) {
    return { kind: 'note-carried', reason: 'a bundle has lost the new CA' };
  }
  const wanted = [authority.certificate, ...authority.previous];
  if (bundles.some((bundle) => !isSame(bundle, wanted))) {
    return { kind: 'write-bundles', reason: 'a bundle does not carry exactly our CAs', wanted };
  }
  // A time in the future is one noted by a clock that has been set back since.
  if (!isCurrent(known) && (carriedSince === undefined || carriedSince > now)) {
    return { kind: 'note-carried', reason: 'every bundle carries the new CA', since: now };
  }
  return undefined;
}

function isIssuer(certificate: ParsedCertificate, leaf: StoredLeaf): boolean {
  return certificate.x509.ca && isIssuedBy(leaf.certificate, certificate);
}

function nextMoment({ authority, leaf }: Known, holdMs: number, now: number): number {
  const { carriedSince = Number.NaN, certificate, previous } = authority;
  const { previousUntil = Number.NaN } = leaf ?? {};
  const moments = [
    renewalOf(certificate),
    ...previous.map(({ notAfter }) => notAfter),
    ...(leaf ? [renewalOf(leaf.certificate), leaf.certificate.notAfter] : []),
    previousUntil,
    carriedSince + holdMs,
  ];
  return Math.min(...moments.filter((moment) => moment > now));
}

/** When two thirds of a life are over, epoch milliseconds. */
function renewalOf({ notBefore, notAfter }: ParsedCertificate): number {
  return notBefore + ((notAfter - notBefore) * 2) / 3;
}

function isCurrent({ authority, leaf }: Known): boolean {
  return leaf !== undefined && isIssuedBy(leaf.certificate, authority.certificate);
}

function isCarriedByAll({ authority, bundles }: Known): boolean {
  return bundles.every((bundle) => holds(bundle, authority.certificate));
}

function trustsAnother({ authority, bundles }: Known, now: number): boolean {
  return alive(bundles.flat(), now).some(({ fingerprint }) => fingerprint !== authority.certificate.fingerprint);
}

function isCredible(stored: StoredAuthority | StoredLeaf | undefined, now: number): boolean {
  return stored !== undefined && stored.certificate.notBefore - now <= MOST_AHEAD_MS;
}
