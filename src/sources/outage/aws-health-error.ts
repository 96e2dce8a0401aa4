import { nameOf, toAwsSourceError } from '../asking/aws-error.ts';
import { SourceError } from '../asking/source-error.ts';

/** An error of the AWS SDK in our words; AWS Health has one of its own, for accounts that may not ask it at all. */
export function toSourceError(error: unknown, isAborted: boolean): SourceError {
  if (!isAborted && nameOf(error) === 'SubscriptionRequiredException')
    return new SourceError(
      'unauthorized',
      'AWS Health answers only accounts with a Business support plan or a higher one',
    );
  return toAwsSourceError(error, isAborted, { service: 'AWS Health', permission: 'health:DescribeEvents' });
}
