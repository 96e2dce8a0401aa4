import { SourceError } from '../intensity/source-error.ts';

/** What errors of the AWS SDK carry; none of it is certain. */
interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

const NO_CREDENTIALS = new Set(['CredentialsProviderError', 'TokenProviderError']);
const REFUSED =
  /^(AccessDenied|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|ExpiredToken|MissingAuthenticationToken|NotAuthorized|OptInRequired)/;
const TOO_MANY = /^(Throttling|ThrottledException|TooManyRequests|RequestLimitExceeded|RequestThrottled)/;

/**
 * An error of the AWS SDK in our words, with no more of its own than a name: messages quote accounts and signatures.
 * In AWS JSON 1.1 nearly all is status 400, and the name tells; an answer that is no JSON at all has the status alone.
 */
export function toSourceError(error: unknown, isAborted: boolean): SourceError {
  if (error instanceof SourceError) return error;
  if (isAborted) return new SourceError('unavailable', 'no answer in time');
  const { name: given, code, $metadata } = (error ?? {}) as SdkError;
  const name = typeof given === 'string' && /^\w{1,60}$/.test(given) ? given : 'Error';
  const status = typeof $metadata?.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined;

  if (name === 'SubscriptionRequiredException')
    return new SourceError(
      'unauthorized',
      'AWS Health answers only accounts with a Business support plan or a higher one',
    );
  if (NO_CREDENTIALS.has(name)) return new SourceError('unauthorized', 'the AWS SDK finds no credentials');
  if (REFUSED.test(name) || status === 401 || status === 403)
    return new SourceError('unauthorized', `AWS refuses the credentials, which need health:DescribeEvents: ${name}`);
  if (TOO_MANY.test(name) || status === 429) return new SourceError('rate_limited', 'too many requests to AWS Health');
  if (status === undefined) return new SourceError('unavailable', `AWS Health cannot be reached${codeOf(code)}`);
  if (status >= 500) return new SourceError('unavailable', `AWS Health answers HTTP ${status}`);
  if (status >= 400) return new SourceError('malformed', `AWS Health answers HTTP ${status}: ${name}`);
  return new SourceError('malformed', 'the answer is not what AWS Health answers');
}

function codeOf(code: unknown): string {
  return typeof code === 'string' && /^[A-Z_]+$/.test(code) ? `: ${code}` : '';
}
