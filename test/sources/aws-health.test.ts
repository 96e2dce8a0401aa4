import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createAwsHealth } from '../../src/sources/outage/aws-health.ts';
import { rejection } from './failure-rows.ts';
import type { AwsAnswer } from './fake-aws-health.ts';
import { startAwsHealth } from './fake-aws-health.ts';
import { PATIENT } from './fake-provider.ts';

// What the SDK's default chain finds, and nothing of the machine that runs the tests.
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'hunter2',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
});

const REGIONS = ['us-east-1', 'eu-west-2', 'ap-southeast-2'];

/** An event as AWS prints it: aws/aws-cli, awscli/examples/health/describe-events.rst. */
function event(change: object = {}) {
  return {
    arn: 'arn:aws:health:us-east-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/AWS_EC2_OPERATIONAL_ISSUE_COBXJ_EXAMPLE111',
    service: 'EC2',
    eventTypeCode: 'AWS_EC2_OPERATIONAL_ISSUE',
    eventTypeCategory: 'issue',
    region: 'us-east-1',
    startTime: 1586473044.284,
    lastUpdatedTime: 1586479706.153,
    statusCode: 'open',
    eventScopeCode: 'PUBLIC',
    ...change,
  };
}

function down(verdicts: ReadonlyMap<string, { readonly down: boolean }>): string {
  return [...verdicts].flatMap(([region, one]) => (one.down ? [region] : [])).join(' ');
}

describe('outages by AWS Health', () => {
  it('are open issues, asked for in the words of AWS', async (t) => {
    const { endpoint, asked } = await startAwsHealth(t, () => ({ body: { events: [event()] } }));
    const verdicts = await createAwsHealth({ endpoint }).read(REGIONS, PATIENT);
    assert.deepEqual(
      [...verdicts],
      [
        ['us-east-1', { down: true, reason: 'AWS_EC2_OPERATIONAL_ISSUE since 2020-04-09T22:57Z' }],
        ['eu-west-2', { down: false }],
        ['ap-southeast-2', { down: false }],
      ],
    );
    const [{ headers, body } = assert.fail('not asked')] = asked;
    assert.equal(headers['x-amz-target'], 'AWSHealth_20160804.DescribeEvents');
    assert.equal(headers['content-type'], 'application/x-amz-json-1.1');
    assert.match(headers.authorization ?? '', /Credential=AKIDEXAMPLE\/\d+\/us-east-1\/health\/aws4_request/);
    const filter = { services: ['EC2', 'EBS', 'EKS'], eventStatusCodes: ['open'], eventTypeCategories: ['issue'] };
    assert.deepEqual(body, { filter, maxResults: 100 });
  });

  it('are read page by page, each time from the first', async (t) => {
    const pages: Record<string, AwsAnswer> = {
      first: { body: { events: [event()], nextToken: 'second' } },
      second: { body: { events: [], nextToken: 'third' } },
      third: { body: { events: [event({ region: 'eu-west-2' })] } },
    };
    const { endpoint, asked } = await startAwsHealth(t, ({ body }) => pages[body.nextToken ?? 'first']);
    const source = createAwsHealth({ endpoint });
    for (let count = 0; count < 2; count += 1)
      assert.equal(down(await source.read(REGIONS, PATIENT)), 'us-east-1 eu-west-2');
    assert.equal(asked.length, 6);
  });

  it('are not read for ever', async (t) => {
    let page = 0;
    const { endpoint, asked } = await startAwsHealth(t, () => {
      page += 1;
      return { body: { events: [], nextToken: `page-${page}` } };
    });
    const error = await rejection(createAwsHealth({ endpoint }).read(REGIONS, PATIENT));
    assert.deepEqual([error.failure, asked.length], ['malformed', 50]);
  });

  const own = { eventScopeCode: 'ACCOUNT_SPECIFIC' };
  const rows: readonly [name: string, change: object, isDown: boolean][] = [
    ['a public issue of EBS', { service: 'EBS', eventTypeCode: 'AWS_EBS_VOLUME_ATTACHMENT_ISSUE' }, true],
    ['an issue of one zone', { availabilityZone: 'us-east-1a' }, true],
    ['an operational issue that reaches the account', own, true],
    ['an issue of the API that reaches the account', { ...own, eventTypeCode: 'AWS_EC2_API_ISSUE' }, true],
    ['a volume that is lost', { ...own, service: 'EBS', eventTypeCode: 'AWS_EBS_VOLUME_LOST' }, false],
    ['an issue whose scope is not told', { eventScopeCode: undefined }, true],
    ['a service that is not asked for', { service: 'SES' }, false],
    ['an issue that is over', { statusCode: 'closed' }, false],
    ['a planned change', { eventTypeCategory: 'scheduledChange' }, false],
    ['an issue of the whole world', { region: 'global' }, false],
    ['an issue of no region', { region: undefined }, false],
  ];
  for (const [name, change, isDown] of rows)
    it(`are ${isDown ? '' : 'not '}made by ${name}`, async (t) => {
      const { endpoint } = await startAwsHealth(t, () => ({ body: { events: [event(change)] } }));
      assert.equal(down(await createAwsHealth({ endpoint }).read(REGIONS, PATIENT)), isDown ? 'us-east-1' : '');
    });

  it('are of the services that are configured', async (t) => {
    const events = [event({ service: 'SES', region: 'eu-west-2' }), event()];
    const { endpoint, asked } = await startAwsHealth(t, () => ({ body: { events } }));
    const source = createAwsHealth({ endpoint, services: ['SES'] });
    assert.equal(down(await source.read(REGIONS, PATIENT)), 'eu-west-2');
    assert.deepEqual(asked[0]?.body.filter?.['services'], ['SES']);
  });

  it('say where and how many', async (t) => {
    const events = [event({ availabilityZone: 'us-east-1a', startTime: undefined }), event(), event()];
    const { endpoint } = await startAwsHealth(t, () => ({ body: { events } }));
    const verdicts = await createAwsHealth({ endpoint }).read(REGIONS, PATIENT);
    assert.equal(verdicts.get('us-east-1')?.reason, 'AWS_EC2_OPERATIONAL_ISSUE in us-east-1a and 2 more');
  });

  const names: readonly [region: string, isKnown: boolean][] = [
    ['ap-southeast-7', true],
    ['il-central-1', true],
    ['mx-central-1', true],
    ['eastus', false],
    ['us-central1', false],
    ['my-cellar', false],
    ['cn-north-1', false],
    ['us-gov-west-1', false],
  ];
  for (const [region, isKnown] of names)
    it(`${isKnown ? 'vouch' : 'do not vouch'} for ${region}`, async (t) => {
      const { endpoint } = await startAwsHealth(t, () => ({ body: { events: [] } }));
      const verdicts = await createAwsHealth({ endpoint }).read([region], PATIENT);
      assert.deepEqual([...verdicts], isKnown ? [[region, { down: false }]] : []);
    });
});

describe('AWS Health', () => {
  const named = (__type: string, status = 400): AwsAnswer => ({ status, body: { __type, message: 'hunter2' } });
  const rows: readonly [name: string, answer: AwsAnswer, failure: string, says: RegExp][] = [
    ['no support plan', named('SubscriptionRequiredException'), 'unauthorized', /Business support plan/],
    ['no permission', named('AccessDeniedException'), 'unauthorized', /health:DescribeEvents: AccessDenied/],
    ['a wrong key', named('UnrecognizedClientException'), 'unauthorized', /refuses the credentials/],
    ['an old token', named('com.amazon.coral#ExpiredTokenException'), 'unauthorized', /ExpiredTokenException$/],
    ['403 of a proxy', { status: 403, body: '<html>' }, 'unauthorized', /refuses/],
    ['throttling', named('ThrottlingException'), 'rate_limited', /too many requests/],
    ['429', { status: 429, body: '<html>' }, 'rate_limited', /too many requests/],
    ['500', named('InternalFailure', 500), 'unavailable', /HTTP 500$/],
    ['503 in HTML', { status: 503, body: '<html>' }, 'unavailable', /HTTP 503$/],
    ['a request it does not take', named('ValidationException'), 'malformed', /HTTP 400: ValidationException$/],
    ['HTML', { body: '<!doctype html>' }, 'malformed', /not what AWS Health answers$/],
    ['JSON that breaks off', { body: '{"events": [{"region": "us-' }, 'malformed', /not what AWS/],
    ['JSON of another shape', { body: { hello: 1 } }, 'malformed', /no list of events$/],
    ['a list', { body: [1] }, 'malformed', /no list of events$/],
    ['a time that is none', { body: { events: [event({ startTime: 'x' })] } }, 'malformed', /not what AWS/],
    ['a region that is none', { body: { events: [event({ region: 3 })] } }, 'malformed', /no list of events$/],
  ];
  for (const [name, answer, failure, says] of rows)
    it(`answering ${name} is ${failure}`, async (t) => {
      const { endpoint } = await startAwsHealth(t, () => answer);
      const error = await rejection(createAwsHealth({ endpoint }).read(REGIONS, PATIENT));
      assert.equal(error.failure, failure);
      assert.match(error.message, says);
      assert.doesNotMatch(error.message, /hunter2/);
    });

  it('answering 503 once is asked again', async (t) => {
    let count = 0;
    const { endpoint } = await startAwsHealth(t, () => {
      count += 1;
      return count === 1 ? { status: 503, body: '' } : { body: { events: [] } };
    });
    assert.equal((await createAwsHealth({ endpoint }).read(REGIONS, PATIENT)).size, 3);
  });

  it('not answering in time is unavailable', async (t) => {
    const patience = new AbortController();
    const { endpoint } = await startAwsHealth(t, () => {
      patience.abort(new DOMException('too late', 'TimeoutError'));
      return undefined;
    });
    const error = await rejection(createAwsHealth({ endpoint }).read(REGIONS, patience.signal));
    assert.deepEqual([error.failure, error.message], ['unavailable', 'no answer in time']);
  });

  it('at a closed address is unavailable', async () => {
    const error = await rejection(createAwsHealth({ endpoint: 'http://127.0.0.1:1' }).read(REGIONS, PATIENT));
    assert.deepEqual([error.failure, error.message], ['unavailable', 'AWS Health cannot be reached: ECONNREFUSED']);
  });

  it('without credentials is not asked', async (t) => {
    const { endpoint, asked } = await startAwsHealth(t, () => ({ body: { events: [] } }));
    const key = process.env['AWS_ACCESS_KEY_ID'];
    t.after(() => Object.assign(process.env, { AWS_ACCESS_KEY_ID: key }));
    delete process.env['AWS_ACCESS_KEY_ID'];
    const error = await rejection(createAwsHealth({ endpoint }).read(REGIONS, PATIENT));
    assert.deepEqual([error.failure, error.message], ['unauthorized', 'the AWS SDK finds no credentials']);
    assert.equal(asked.length, 0);
  });
});

describe('the AWS SDK', () => {
  const OUTAGE = '../../src/sources/outage';

  /** How many of its files a process of its own loads. */
  async function filesLoaded(program: string): Promise<number> {
    const count = `let files = 0;
      import { registerHooks } from 'node:module';
      registerHooks({ load: (url, context, next) => { files += /@aws-sdk|@smithy/.test(url) ? 1 : 0; return next(url, context); } });
      ${program}
      console.log(files);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', count], {
      cwd: import.meta.dirname,
    });
    return Number(stdout.trim());
  }

  const create = `
    const { createAwsHealth } = await import('${OUTAGE}/aws-health.ts');
    const { createPrometheusOutage } = await import('${OUTAGE}/prometheus-outage.ts');
    const { createConfigMapOutage } = await import('${OUTAGE}/configmap-outage.ts');
    const { createNodesOutage } = await import('${OUTAGE}/nodes-outage.ts');
    const { createOutageBoard } = await import('${OUTAGE}/outage-board.ts');
    const sources = [
      createPrometheusOutage({ baseUrl: 'http://127.0.0.1:1', query: 'up' }, { fetch, clock: Date.now }),
      createConfigMapOutage(async () => ({})),
      createNodesOutage({ nodes: () => [], clock: Date.now }),
    ];
    const aws = createAwsHealth({ endpoint: 'http://127.0.0.1:1' });
    const read = (sources) => createOutageBoard({ sources, clock: Date.now }).refresh(['us-east-1']);`;

  it('is not loaded by other sources, nor by AWS Health before it is read', async () => {
    assert.equal(await filesLoaded(`${create} await read(sources);`), 0);
  });

  it('is loaded when AWS Health is read', async () => {
    assert.ok((await filesLoaded(`${create} await read([...sources, aws]);`)) > 0);
  });
});
