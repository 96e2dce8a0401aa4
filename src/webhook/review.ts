import type { Requester } from '../decision/exempt.ts';
import { isMapping } from '../units/is-mapping.ts';
import { cutName } from './cut-name.ts';
import { type ParsedBody, parseBody } from './parse-body.ts';

/** What the API server asks, of `admission.k8s.io/v1` AdmissionReview. */
export interface Review {
  readonly uid: string;
  readonly kind: string;
  readonly group: string;
  readonly subResource: string;
  readonly operation: string;
  readonly name: string;
  readonly namespace: string;
  readonly requester: Requester;
  readonly object: JsonObject;
  readonly oldObject?: JsonObject;
  readonly dryRun: boolean;
  /** Whether the object was too much to be read: an empty one is in its place. */
  readonly isOversized: boolean;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A review that cannot be answered; `uid` is known where the sender gave one. */
export class ReviewError extends Error {
  readonly statusCode = 400;
  readonly uid: string | undefined;

  constructor(message: string, uid?: string) {
    super(message);
    this.name = 'ReviewError';
    this.uid = uid;
  }
}

/** Parses a request body, which is overwritten; throws a ReviewError that says what is missing. */
export function parseReview(body: Buffer): Review {
  const { envelope, isOversized } = parseJson(body);
  const request = isMapping(envelope['request']) ? envelope['request'] : undefined;
  const uid = request && text(request['uid']);
  if (envelope['kind'] !== 'AdmissionReview') throw new ReviewError('the body is no AdmissionReview', uid);
  if (envelope['apiVersion'] !== 'admission.k8s.io/v1')
    throw new ReviewError(
      `gridgate speaks admission.k8s.io/v1 only, not ${text(envelope['apiVersion']).slice(0, 60) || 'a review without apiVersion'}`,
      uid,
    );
  if (!request) throw new ReviewError('the AdmissionReview has no request');
  if (!uid) throw new ReviewError('the request has no uid');
  const { object, oldObject } = request;
  if (!isMapping(object)) throw new ReviewError('the request has no object', uid);
  const kind = isMapping(request['kind']) ? request['kind'] : {};
  return {
    uid,
    kind: text(kind['kind']),
    group: text(kind['group']),
    subResource: text(request['subResource']),
    operation: text(request['operation']),
    name: cutName(text(request['name'])),
    namespace: cutName(text(request['namespace'])),
    requester: isMapping(request['userInfo']) ? requesterOf(request['userInfo']) : {},
    object,
    ...(isMapping(oldObject) && { oldObject }),
    dryRun: request['dryRun'] === true,
    isOversized,
  };
}

function parseJson(body: Buffer): { readonly envelope: JsonObject; readonly isOversized: boolean } {
  if (body.length === 0) throw new ReviewError('the body is empty');
  let parsed: ParsedBody;
  try {
    parsed = parseBody(body);
  } catch (error) {
    throw new ReviewError(error instanceof RangeError ? error.message : 'the body is not JSON');
  }
  const { value, isOversized } = parsed;
  if (!isMapping(value)) throw new ReviewError('the body is no AdmissionReview');
  return { envelope: value, isOversized };
}

function requesterOf(userInfo: JsonObject): Requester {
  const { username, groups } = userInfo;
  return {
    username: text(username),
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
  };
}

/** A value where text belongs; anything else counts as empty. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
