import type { HealthClient } from '@aws-sdk/client-health';
import { z } from 'zod';
import { andMore } from '../../units/tell-few.ts';
import { nameOf, toAwsSourceError } from '../asking/aws-error.ts';
import { SourceError } from '../asking/source-error.ts';
import type { OutageSource, Verdict } from './source.ts';

interface AwsHealthOptions {
  /** Service codes of AWS Health; an issue of any of them counts. At most 10, as DescribeEvents has it. */
  readonly services?: readonly string[] | undefined;
  readonly endpoint?: string | undefined;
}

/** What a new pod needs: nodes that run, the disks they start from, and the control plane that they report to. */
const DEFAULT_SERVICES: readonly string[] = ['EC2', 'EBS', 'EKS'];

/** Where the API is for all regions, whatever region gridgate itself is in. */
const API_REGION = 'us-east-1';
/** Per page; the most that DescribeEvents gives. */
const PAGE_SIZE = 100;
/** Nothing plausible is longer. */
const MOST_PAGES = 50;
/** One retry: the whole read has a deadline, and the next comes soon. */
const ATTEMPTS = 2;

const healthEvent = z.object({
  region: z.string().optional(),
  service: z.string().optional(),
  eventTypeCode: z.string().optional(),
  eventTypeCategory: z.string().optional(),
  eventScopeCode: z.string().optional(),
  statusCode: z.string().optional(),
  availabilityZone: z.string().optional(),
  startTime: z.date().optional(),
});
const page = z.object({ events: z.array(healthEvent) });
type HealthEvent = z.infer<typeof healthEvent>;

/** AWS' own word on its regions. Needs a Business support plan and the permission health:DescribeEvents. */
export function createAwsHealth({ services = DEFAULT_SERVICES, endpoint }: AwsHealthOptions = {}): OutageSource {
  const config = { region: API_REGION, maxAttempts: ATTEMPTS, ...(endpoint !== undefined && { endpoint }) };
  let client: HealthClient | undefined;

  async function readPages(abortSignal: AbortSignal): Promise<readonly HealthEvent[]> {
    // Loaded here, so that only those pay for the SDK's start and memory who have configured it.
    const sdk = await import('@aws-sdk/client-health');
    client ??= new sdk.HealthClient(config);
    const events: HealthEvent[] = [];
    let left = MOST_PAGES;
    const filter = {
      services: [...services],
      eventStatusCodes: ['open' as const],
      eventTypeCategories: ['issue' as const],
    };
    const paging = { client, pageSize: PAGE_SIZE, stopOnSameToken: true };
    for await (const answer of sdk.paginateDescribeEvents(paging, { filter }, { abortSignal })) {
      const { data } = page.safeParse(answer);
      if (!data) throw new SourceError('malformed', 'the answer of AWS Health has no list of events');
      events.push(...data.events);
      left -= 1;
      if (left === 0) throw new SourceError('malformed', `AWS Health answers more than ${MOST_PAGES} pages`);
    }
    return events;
  }

  return {
    name: 'aws-health',

    async read(regions, signal) {
      try {
        const issues = (await readPages(signal)).filter((event) => isRegional(event, services));
        return judge(regions, issues);
      } catch (error) {
        throw toSourceError(error, signal.aborted);
      }
    },
  };
}

/**
 * Whether an event is about a region, not about something of ours in it. All are open issues of our services:
 *
 * | scope              | type                                            | counts                                       |
 * | ------------------ | ----------------------------------------------- | -------------------------------------------- |
 * | `PUBLIC`, not told | any                                             | yes: AWS says it to everybody                |
 * | `ACCOUNT_SPECIFIC` | `.._OPERATIONAL_ISSUE`, `.._API_ISSUE`          | yes: the service is ill, and reaches us      |
 * | `ACCOUNT_SPECIFIC` | others, such as `AWS_EBS_VOLUME_LOST`           | no: one volume or one instance of the account |
 */
function isRegional(event: HealthEvent, services: readonly string[]): boolean {
  const { service = '', statusCode, eventTypeCategory, eventScopeCode, eventTypeCode = '' } = event;
  if (!services.includes(service) || statusCode !== 'open' || eventTypeCategory !== 'issue') return false;
  return eventScopeCode !== 'ACCOUNT_SPECIFIC' || /_(OPERATIONAL|API)_ISSUE$/.test(eventTypeCode);
}

function judge(regions: readonly string[], issues: readonly HealthEvent[]): ReadonlyMap<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const region of regions) {
    const [first, ...others] = issues.filter((issue) => issue.region === region);
    if (first) verdicts.set(region, { down: true, reason: reasonOf(first, others.length) });
    else if (isAwsRegion(region)) verdicts.set(region, { down: false });
  }
  return verdicts;
}

/** Of the public cloud, which one account sees: China and the government's clouds have an AWS Health of their own. */
function isAwsRegion(region: string): boolean {
  return /^(?!cn-)[a-z]{2}-[a-z]+-\d$/.test(region);
}

function reasonOf({ eventTypeCode = 'an issue', startTime, availabilityZone }: HealthEvent, others: number): string {
  const where = availabilityZone === undefined ? '' : ` in ${availabilityZone}`;
  const when = startTime === undefined ? '' : ` since ${startTime.toISOString().slice(0, 16)}Z`;
  return `${eventTypeCode}${where}${when}${andMore(others)}`;
}

/** An error of the AWS SDK in our words; AWS Health has one of its own, for accounts that may not ask it at all. */
function toSourceError(error: unknown, isAborted: boolean): SourceError {
  if (!isAborted && nameOf(error) === 'SubscriptionRequiredException')
    return new SourceError(
      'unauthorized',
      'AWS Health answers only accounts with a Business support plan or a higher one',
    );
  return toAwsSourceError(error, isAborted, { service: 'AWS Health', permission: 'health:DescribeEvents' });
}
