import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { z } from 'zod';
import { DubError, type DubErrorCode } from '../../../errors.js';
import { hostKind } from '../../../net/addresses.js';
import type { Clock } from '../../../net/clock.js';
import { replyStatus } from '../../../net/facts.js';
import type { Http, RetryNotice } from '../../../net/http.js';
import type { HttpReply } from '../../../net/judge.js';
import type { ReplyBody, ReplyHeaders } from '../../../net/reply.js';
import type { ServiceError } from './envelope.js';
import { createClassifier } from './errors.js';
import type { ErrorSituation } from './rules.js';

/** What is put into temporary storage. */
export interface UploadRequest {
  /** The very model that will be called with the URL. */
  readonly model: string;
  readonly mediaType: string;
  /** Bytes of the form on their way so far. */
  readonly onSent?: ((bytes: number) => void) | undefined;
}

/** A file in temporary storage: usable by this model and this account only, gone after 48 hours. */
export interface UploadedFile {
  /** `oss://…` */
  readonly url: string;
  readonly model: string;
  /** `DashscopeClient.account` of the key it was uploaded with. */
  readonly account: string;
  readonly uploadedAtMs: number;
  readonly expiresAtMs: number;
  readonly requestIds: readonly string[];
}

/** What uploads need. */
export interface UploadTools extends ErrorSituation {
  readonly account: string;
  readonly clock: Clock;
  open(): Promise<Http>;
  /** Told of a file that is posted once more. */
  readonly onRetry?: ((notice: Pick<RetryNotice, 'attempt' | 'waitMs' | 'code'>) => void) | undefined;
  /** Asks for a policy. */
  askPolicy(model: string, signal: AbortSignal): Promise<{ value: PolicyReply; requestIds: readonly string[] }>;
}

/** Puts files into temporary storage. */
export type Upload = (path: string, request: UploadRequest, signal: AbortSignal) => Promise<UploadedFile>;

/** The page's table calls all members strings, its sample has three of them as numbers. */
const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number),
]);

/** Answer to getPolicy (get-temporary-file-url, 2026-10-23); SDKs show `data` as `output`. */
export const policyReply = z.looseObject({
  data: z.looseObject({
    policy: z.string().min(1),
    signature: z.string().min(1),
    upload_dir: z.string().min(1),
    upload_host: z.string().min(1),
    expire_in_seconds: number.default(300),
    max_file_size_mb: number.optional(),
    oss_access_key_id: z.string().min(1),
    x_oss_object_acl: z.string().default('private'),
    x_oss_forbid_overwrite: z.union([z.string(), z.boolean().transform(String)]).default('true'),
  }),
});

/** A validated answer to getPolicy. */
export type PolicyReply = z.output<typeof policyReply>;

interface Policy {
  readonly data: PolicyReply['data'];
  readonly requestIds: readonly string[];
  readonly expiresAtMs: number;
}

const lifeMs = 48 * 3_600_000;
/** A policy must last this long and what the file takes on a slow link: it is looked at when the form is complete. */
const marginMs = 30_000;
const slowBytesPerMs = 250;
/** The limit of the official SDKs for the form. */
const formLimitMs = 3_600_000;

/** Uploads of one client; policies are kept by model and used for as many files as they last. */
export function createUpload(tools: UploadTools): Upload {
  const policies = new Map<string, Promise<Policy>>();

  async function policyFor(model: string, size: number, fresh: boolean, signal: AbortSignal): Promise<Policy> {
    const neededMs = marginMs + size / slowBytesPerMs;
    let known = fresh ? undefined : policies.get(model);
    while (known !== undefined) {
      const policy = await known.catch(() => undefined);
      if (policy !== undefined && tools.clock.now() + neededMs < policy.expiresAtMs) return policy;
      const meanwhile = policies.get(model);
      known = meanwhile === known ? undefined : meanwhile;
    }
    // Nothing is awaited between looking and asking, so that uploads begun together ask once.
    const asked = askPolicy(tools, model, signal);
    policies.set(model, asked);
    return asked;
  }

  return async (path, request, signal) => {
    const { size } = await measure(path);
    let policy = await policyFor(request.model, size, false, signal);
    let [refreshed, renamed] = [false, false];
    for (;;) {
      checkSize(path, size, request.model, policy);
      const key = `${policy.data.upload_dir.replace(/\/+$/, '')}/${randomName(path)}`;
      try {
        const reply = await post(tools, policy, key, path, request, signal);
        return stored(tools, policy, key, request, reply);
      } catch (error) {
        const status = replyStatus(error);
        // The policy ran out on the way, or its key was changed: any 403 is worth one fresh policy.
        if ((status === 403 && !refreshed) || (status === 409 && !renamed))
          tools.onRetry?.({ attempt: Number(refreshed) + Number(renamed) + 1, waitMs: 0, code: codeOf(error) });
        if (status === 403 && !refreshed) {
          refreshed = true;
          policy = await policyFor(request.model, size, true, signal);
        } else if (status === 409 && !renamed) {
          renamed = true;
        } else {
          throw error;
        }
      }
    }
  };
}

function codeOf(error: unknown): DubErrorCode {
  return error instanceof DubError ? error.code : 'PROVIDER_BAD_REPLY';
}

async function askPolicy(tools: UploadTools, model: string, signal: AbortSignal): Promise<Policy> {
  const askedAt = tools.clock.now();
  const { value, requestIds } = await tools.askPolicy(model, signal).catch((error: unknown) => {
    throw replyStatus(error) === 404 ? noStorage(tools, error) : error;
  });
  return { data: value.data, requestIds, expiresAtMs: askedAt + value.data.expire_in_seconds * 1000 };
}

/** The page names Beijing and Singapore; of the other regions, and of workspace hosts, nothing is known for sure. */
function noStorage({ host }: UploadTools, cause: unknown): DubError {
  const why = cause instanceof DubError ? ` ${cause.message}` : '';
  return new DubError('PROVIDER_UNSUPPORTED', `${host.host} has no temporary storage for this model.${why}`, {
    hint: 'Store files in a bucket of your own with --store oss, or choose a recogniser that needs no link.',
    cause,
  });
}

async function post(
  tools: UploadTools,
  { data }: Policy,
  key: string,
  path: string,
  request: UploadRequest,
  signal: AbortSignal,
): Promise<HttpReply> {
  const http = await tools.open();
  return http.request(
    {
      url: uploadUrl(data.upload_host, tools),
      idempotent: 'repeatable',
      limits: { totalMs: formLimitMs },
      retry: { deadlineMs: formLimitMs },
      classify: createClassifier(tools, readXmlError),
      onSent: request.onSent,
      body: {
        form: {
          fields: [
            ['OSSAccessKeyId', data.oss_access_key_id],
            ['Signature', data.signature],
            ['policy', data.policy],
            ['key', key],
            ['x-oss-object-acl', data.x_oss_object_acl],
            ['x-oss-forbid-overwrite', data.x_oss_forbid_overwrite],
            ['success_action_status', '200'],
            ['x-oss-content-type', request.mediaType],
          ],
          files: [
            {
              name: 'file',
              filename: key.slice(key.lastIndexOf('/') + 1),
              mediaType: request.mediaType,
              content: { path },
            },
          ],
        },
      },
    },
    signal,
  );
}

function stored(
  tools: UploadTools,
  policy: Policy,
  key: string,
  request: UploadRequest,
  reply: HttpReply,
): UploadedFile {
  const uploadedAtMs = Math.round(tools.clock.now());
  const storageId = reply.headers['x-oss-request-id'];
  return {
    url: `oss://${key}`,
    model: request.model,
    account: tools.account,
    uploadedAtMs,
    expiresAtMs: uploadedAtMs + lifeMs,
    requestIds: [...policy.requestIds, ...(storageId === undefined ? [] : [storageId])],
  };
}

async function measure(path: string): Promise<{ readonly size: number }> {
  return stat(path).catch((cause: unknown) => {
    throw new DubError('INPUT_UNREADABLE', `${path} cannot be read to upload it.`, {
      hint: 'Check that the file is still there and may be read.',
      cause,
    });
  });
}

function checkSize(path: string, size: number, model: string, { data }: Policy): void {
  const limit = data.max_file_size_mb;
  if (limit === undefined || size <= limit * 1_048_576) return;
  const message = `${path} has ${Math.ceil(size / 1_048_576)} MB; temporary storage takes ${limit} MB for ${model}.`;
  throw new DubError('PROVIDER_UNSUPPORTED', message, {
    hint: 'Store it in a bucket of your own with --store oss, which takes any size.',
  });
}

/** Nothing of the file's own name: it may not be ASCII, may tell something, and may come twice. */
function randomName(path: string): string {
  const ending = extname(path).toLowerCase();
  return `${randomBytes(12).toString('hex')}${/^\.[a-z0-9]{1,5}$/.test(ending) ? ending : ''}`;
}

/**
 * The upload host of a reply: a stranger's, so that it may not lead into a private network unless the service itself
 * is a host of the user's own. Aliyun's own go over https.
 */
function uploadUrl(text: string, { host }: ErrorSituation): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const own = /\.aliyuncs\.com$/.test(new URL(host.baseUrl).hostname);
  const kind = url === undefined ? undefined : hostKind(url.hostname);
  const isWeb = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (!isWeb || kind === 'link-local' || (kind === 'private' && own)) {
    throw new DubError('PROVIDER_BAD_REPLY', 'DashScope named an upload host that nothing is sent to.', {
      hint: 'Check DASHSCOPE_BASE_URL: something else than DashScope seems to answer there.',
    });
  }
  if (own) url.protocol = 'https:';
  return url.href;
}

/** Object storage tells its errors in XML. */
function readXmlError(status: number, headers: ReplyHeaders, body: ReplyBody): ServiceError | undefined {
  if (status < 400) return undefined;
  const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body.text)?.[1];
  const code = element('Code') ?? '';
  const requestId = element('RequestId') ?? headers['x-oss-request-id'];
  return { status, code, message: element('Message') ?? '', requestId, enveloped: code !== '' };
}
