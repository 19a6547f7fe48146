import { DubError } from '../../../errors.js';
import { type OssConnection, openClient, unwrapped } from './client.js';
import { ossCodeOf, tag } from './errors.js';
import { folderOf } from './options.js';

/**
 * Makes sure that the bucket deletes what is under our prefix after so many days, and unfinished uploads with it. Every
 * other rule stays as it is, to the letter: the configuration is put back as a whole.
 * @returns what a person should know, undefined when all is well
 */
export async function ensureLifecycle(connection: OssConnection, signal: AbortSignal): Promise<string | undefined> {
  const days = connection.options.lifecycleDays;
  if (days === undefined) return undefined;
  try {
    return await addRule(connection, days, signal);
  } catch (error) {
    if (!(error instanceof DubError) || error.code === 'INTERRUPTED') throw error;
    const advice = error.hint === undefined ? '' : ` ${error.hint}`;
    return `The lifecycle rule was not set; it needs oss:GetBucketLifecycle and oss:PutBucketLifecycle. ${error.message}${advice}`;
  }
}

async function addRule(connection: OssConnection, days: number, signal: AbortSignal): Promise<string | undefined> {
  const prefix = folderOf(connection.options.prefix);
  const before = await readConfiguration(connection, signal);
  const rules = [...before.matchAll(/<Rule>[\s\S]*?<\/Rule>/g)].map(([rule]) => rule);
  const own = rules.find((rule) => tag(rule, 'ID') === ruleId(prefix));
  if (own !== undefined && daysOf(own) === days && tag(own, 'Status') === 'Enabled') return undefined;
  const other = rules.find((rule) => rule !== own && tag(rule, 'Prefix') === prefix && daysOf(rule) !== undefined);
  if (other !== undefined) {
    return `The bucket has a lifecycle rule of its own for ${prefix} (${tag(other, 'ID')}, ${daysOf(other)} days, ${tag(other, 'Status')}); it was left as it is.`;
  }
  const rule = ruleXml(prefix, days);
  const after = own === undefined ? appended(before, rule) : before.replace(own, () => rule);
  const { bucket } = connection.place;
  const client = await openClient(connection, signal);
  const put = {
    method: 'PUT' as const,
    bucket,
    subres: 'lifecycle',
    content: after,
    mime: 'xml',
    successStatuses: [200],
  };
  await unwrapped('setting the lifecycle rule', () => client.request(put));
  return undefined;
}

async function readConfiguration(connection: OssConnection, signal: AbortSignal): Promise<string> {
  const client = await openClient(connection, signal);
  const get = { method: 'GET' as const, bucket: connection.place.bucket, subres: 'lifecycle', successStatuses: [200] };
  try {
    const { data } = await unwrapped('reading the lifecycle rules', () => client.request(get));
    return data.toString();
  } catch (error) {
    if (ossCodeOf(error) === 'NoSuchLifecycle') return emptyConfiguration;
    throw error;
  }
}

const emptyConfiguration = '<?xml version="1.0" encoding="UTF-8"?><LifecycleConfiguration></LifecycleConfiguration>';

function appended(configuration: string, rule: string): string {
  const end = '</LifecycleConfiguration>';
  if (configuration.includes(end)) return configuration.replace(end, () => `${rule}${end}`);
  if (/<LifecycleConfiguration\s*\/>/.test(configuration)) return appended(emptyConfiguration, rule);
  throw new DubError(
    'PROVIDER_BAD_REPLY',
    'The lifecycle rules of the bucket are not in a form that can be added to.',
    {
      hint: 'Add the rule in the console, and leave `lifecycleDays` out.',
    },
  );
}

/** One rule per prefix: two users of a bucket do not overwrite each other's. */
function ruleId(prefix: string): string {
  return `dub:${prefix}`;
}

function ruleXml(prefix: string, days: number): string {
  const limit = `<Days>${days}</Days>`;
  const actions = `<Expiration>${limit}</Expiration><AbortMultipartUpload>${limit}</AbortMultipartUpload>`;
  return `<Rule><ID>${ruleId(prefix)}</ID><Prefix>${prefix}</Prefix><Status>Enabled</Status>${actions}</Rule>`;
}

function daysOf(rule: string): number | undefined {
  const days = /<Expiration>[\s\S]*?<Days>(\d+)<\/Days>/.exec(rule)?.[1];
  return days === undefined ? undefined : Number(days);
}
