import { codeInWords, SourceError } from './source-error.ts';

/** What errors of the AWS SDK carry; none of it is certain. */
interface SdkError {
  readonly name?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

/** How messages call the service, and the permissions that a reader of it needs. */
interface AwsService {
  readonly service: string;
  readonly permission: string;
}

const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);
const REFUSED =
  /^(AccessDenied|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|ExpiredToken|MissingAuthenticationToken|NotAuthorized|OptInRequired)/;
const TOO_MANY = /^(Throttling|ThrottledException|TooManyRequests|RequestLimitExceeded|RequestThrottled)/;

/**
 * An error of the AWS SDK in our words, with no more of its own than a name: messages quote accounts and signatures.
 * In AWS JSON nearly all is status 400, and the name tells; an answer that is no JSON at all has the status alone.
 */
export function toAwsSourceError(error: unknown, isAborted: boolean, { service, permission }: AwsService): SourceError {
  if (error instanceof SourceError) return error;
  if (isAborted) return new SourceError('unavailable', 'no answer in time');
  const { $metadata } = (error ?? {}) as SdkError;
  const name = nameOf(error);
  const status = typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined;

  if (NO_CREDENTIALS.has(name)) return new SourceError('unauthorized', 'the AWS SDK finds no credentials');
  if (REFUSED.test(name) || status === 401 || status === 403)
    return new SourceError('unauthorized', `AWS refuses the credentials, which need ${permission}: ${name}`);
  if (TOO_MANY.test(name) || status === 429) return new SourceError('rate_limited', `too many requests to ${service}`);
  if (status === undefined) return new SourceError('unavailable', `${service} cannot be reached${codeInWords(error)}`);
  if (status >= 500) return new SourceError('unavailable', `${service} answers HTTP ${status}`);
  if (status >= 400) return new SourceError('malformed', `${service} answers HTTP ${status}: ${name}`);
  return new SourceError('malformed', `the answer is not what ${service} answers`);
}

/** The name that the SDK gives an error, where it is one. */
export function nameOf(error: unknown): string {
  const { name } = (error ?? {}) as SdkError;
  return typeof name === 'string' && /^\w{1,60}$/.test(name) ? name : 'Error';
}
