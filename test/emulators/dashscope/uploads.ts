import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { ApiError } from './api-error.js';
import { type FormPart, readForm } from './form.js';
import type { Call, Emulator } from './server.js';
import { listen, type RawAnswer, type RawRequest } from './wire.js';
import { scriptedRefusal, xmlError } from './xml.js';

/** A file in temporary storage. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: Buffer;
  readonly mediaType: string | undefined;
  readonly model: string;
  readonly account: string;
  readonly storedAt: number;
}

/** A file that a request names. */
export interface Media {
  readonly bytes: Buffer;
  readonly mediaType: string | undefined;
}

/** What a policy says; tests may change it. */
export interface PolicySettings {
  expireInSeconds: number;
  maxFileSizeMb: number;
  /** Writes the three numbers as strings, as the table of the docs has them. */
  numbersAsStrings: boolean;
}

/** Temporary storage. */
export interface Uploads {
  /** The upload host, which is another origin than the API. */
  readonly url: string;
  readonly objects: readonly StoredObject[];
  readonly settings: PolicySettings;
  /**
   * What a URL in a request leads to: `oss:` with the checks of the service (header, model, account, age), `data:`, or
   * `http:` fetched without credentials.
   * @throws ApiError 400 as the service answers in a synchronous call
   */
  fetchMedia(call: Call, url: string): Promise<Media>;
  close(): Promise<void>;
}

interface Policy {
  readonly expiration: string;
  readonly conditions: readonly (readonly [string, ...unknown[]])[];
}

const secret = 'upload-host-secret';
const accessKeyId = 'LTAI5tUploadHost';
const lifeMs = 48 * 3_600_000;
const fieldsInOrder = ['OSSAccessKeyId', 'Signature', 'policy', 'key', 'x-oss-object-acl', 'x-oss-forbid-overwrite'];
const optionalFields = ['success_action_status', 'x-oss-content-type'];

/** Endpoints `upload.policy` (100 a second for an account) and `upload.post`. */
export async function createUploads(emulator: Emulator): Promise<Uploads> {
  const objects: StoredObject[] = [];
  /** Who may upload where: the owner of each folder that a policy was made for. */
  const folders = new Map<string, { readonly model: string; readonly account: string }>();
  const settings: PolicySettings = { expireInSeconds: 300, maxFileSizeMb: 100, numbersAsStrings: false };
  const { clock } = emulator;

  emulator.route({
    endpoint: 'upload.policy',
    method: 'GET',
    path: '/api/v1/uploads',
    handle(call) {
      if (call.query.get('action') !== 'getPolicy') throw new ApiError(400, 'InvalidParameter', 'action is invalid.');
      const model = call.query.get('model') ?? '';
      if (model === '') throw new ApiError(400, 'InvalidParameter', 'model is required.');
      const unknown = [...call.query.keys()].filter((name) => name !== 'action' && name !== 'model');
      for (const name of unknown) call.violation(`unknown query parameter ${name}`);
      // The Python SDK goes without and is served.
      if (!call.lenient && call.headers['content-type'] !== 'application/json')
        call.violation('Content-Type is documented as required');
      const date = new Date(clock.now()).toISOString().slice(0, 10);
      const folder = `dashscope-instant/${randomBytes(16).toString('hex')}/${date}/${randomUUID()}`;
      folders.set(folder, { model, account: call.account.id });
      return { json: { data: policyData(folder) } };
    },
  });
  emulator.limit('upload.policy', { perSecond: 100 });

  function policyData(folder: string): object {
    const number = (value: number) => (settings.numbersAsStrings ? String(value) : value);
    const policy: Policy = {
      expiration: new Date(clock.now() + settings.expireInSeconds * 1000).toISOString(),
      conditions: [
        ['content-length-range', 0, settings.maxFileSizeMb * 1_048_576],
        ['starts-with', '$key', folder],
      ],
    };
    const encoded = Buffer.from(JSON.stringify(policy)).toString('base64');
    return {
      policy: encoded,
      signature: sign(encoded),
      upload_dir: folder,
      upload_host: server.url,
      expire_in_seconds: number(settings.expireInSeconds),
      max_file_size_mb: number(settings.maxFileSizeMb),
      capacity_limit_mb: number(999_999_999),
      oss_access_key_id: accessKeyId,
      x_oss_object_acl: 'private',
      x_oss_forbid_overwrite: 'true',
    };
  }

  function store(request: RawRequest): RawAnswer {
    checkHeaders(request, emulator);
    if (request.headers['content-length'] === undefined) {
      return xmlError(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
    }
    const form = readForm(request);
    if (form === undefined)
      return xmlError(
        400,
        'MalformedPOSTRequest',
        'The body of your POST request is not well-formed multipart/form-data.',
      );
    const fields = checkFields(form, emulator);
    const file = form.find(({ name }) => name === 'file');
    if (file === undefined)
      return xmlError(400, 'IncorrectNumberOfFilesInPOSTRequest', 'POST requires exactly one file upload per request.');
    const refusal = checkPolicy(fields, file.bytes.length);
    if (refusal) return refusal;
    const key = fields.get('key')!.replace(/\$\{filename\}/, file.filename ?? '');
    if (fields.get('x-oss-forbid-overwrite') === 'true' && objects.some((object) => object.key === key)) {
      return xmlError(409, 'FileAlreadyExists', 'The object you specified already exists and can not be overwritten.');
    }
    const owner = folders.get(key.slice(0, key.lastIndexOf('/')));
    if (owner === undefined)
      return xmlError(
        403,
        'AccessDenied',
        'Invalid according to Policy: Policy Condition failed: ["starts-with", "$key"]',
      );
    objects.push({
      key,
      bytes: file.bytes,
      mediaType: fields.get('x-oss-content-type') ?? file.mediaType,
      ...owner,
      storedAt: clock.now(),
    });
    const headers = {
      etag: `"${randomBytes(16).toString('hex').toUpperCase()}"`,
      server: 'AliyunOSS',
      'x-oss-request-id': randomBytes(12).toString('hex').toUpperCase(),
    };
    return { status: fields.get('success_action_status') === '200' ? 200 : 204, headers, body: Buffer.alloc(0) };
  }

  function checkPolicy(fields: ReadonlyMap<string, string>, size: number): RawAnswer | undefined {
    const encoded = fields.get('policy') ?? '';
    if (fields.get('OSSAccessKeyId') !== accessKeyId) {
      return xmlError(403, 'InvalidAccessKeyId', 'The OSS Access Key Id you provided does not exist in our records.');
    }
    if (fields.get('Signature') !== sign(encoded)) {
      return xmlError(
        403,
        'SignatureDoesNotMatch',
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      );
    }
    const policy = JSON.parse(Buffer.from(encoded, 'base64').toString()) as Policy;
    if (clock.now() > Date.parse(policy.expiration))
      return xmlError(403, 'AccessDenied', 'Invalid according to Policy: Policy expired.');
    for (const [kind, ...rest] of policy.conditions) {
      if (kind === 'content-length-range' && size > Number(rest[1])) {
        return xmlError(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
      }
      if (kind === 'starts-with' && !(fields.get('key') ?? '').startsWith(`${String(rest[1])}/`)) {
        return xmlError(
          403,
          'AccessDenied',
          'Invalid according to Policy: Policy Condition failed: ["starts-with", "$key"]',
        );
      }
    }
    return undefined;
  }

  function fromStore(call: Call, url: string): Media {
    if (call.headers['x-dashscope-ossresourceresolve'] !== 'enable') {
      call.violation('oss:// without X-DashScope-OssResourceResolve');
      const message = 'The provided URL does not appear to be valid. Ensure it is correctly formatted.';
      throw call.compat
        ? new ApiError(400, 'InvalidParameter', `InternalError.Algo.InvalidParameter: ${message}`)
        : new ApiError(
            400,
            'InvalidParameter.DataInspection',
            'The media format is not supported or incorrect for the data inspection.',
          );
    }
    const object = objects.find(({ key }) => `oss://${key}` === url);
    const mine = object !== undefined && object.account === call.account.id && clock.now() < object.storedAt + lifeMs;
    if (object && object.model !== call.model)
      call.violation(`a file uploaded for ${object.model} is used with ${call.model}`);
    if (!mine || object.model !== call.model) {
      throw new ApiError(
        400,
        'InvalidParameter.DataInspection',
        'Unable to download the media resource during the data inspection process.',
      );
    }
    return object;
  }

  const server = await listen(async (request) => {
    const logged = emulator.log('upload.post', request);
    const fault = emulator.takeFault('upload.post');
    return {
      fault,
      answer: async () => {
        const given =
          scriptedRefusal(fault) ??
          (request.method === 'POST' && request.url.pathname === '/'
            ? store(request)
            : xmlError(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.'));
        logged.status = given.status;
        return given;
      },
    };
  });

  return {
    url: server.url,
    objects,
    settings,
    async fetchMedia(call, url) {
      if (url.startsWith('oss://')) return fromStore(call, url);
      if (url.startsWith('data:')) return fromDataUrl(url);
      return fetchPublic(url);
    },
    close: () => server.close(),
  };
}

function checkHeaders({ headers }: RawRequest, emulator: Emulator): void {
  const foreign = Object.keys(headers).filter(
    (name) => ['authorization', 'cookie'].includes(name) || name.startsWith('x-dashscope-'),
  );
  for (const name of foreign) emulator.violation(`upload.post: the header ${name} was sent to the upload host`);
}

/** The fields before the file: OSS ignores what follows it. */
function checkFields(form: readonly FormPart[], emulator: Emulator): Map<string, string> {
  const fileAt = form.findIndex(({ name }) => name === 'file');
  const before = fileAt < 0 ? form : form.slice(0, fileAt);
  if (fileAt >= 0 && fileAt < form.length - 1) emulator.violation('upload.post: fields after the file are ignored');
  for (const { name } of before) {
    if (![...fieldsInOrder, ...optionalFields].includes(name)) emulator.violation(`upload.post: unknown field ${name}`);
  }
  const fields = new Map(before.map(({ name, bytes }) => [name, bytes.toString()]));
  for (const name of fieldsInOrder) {
    if (!fields.has(name)) emulator.violation(`upload.post: the field ${name} is missing`);
  }
  return fields;
}

function fromDataUrl(url: string): Media {
  const [, mediaType, data] = /^data:([\w.+-]+\/[\w.+-]+);base64,([A-Za-z0-9+/]*={0,2})$/.exec(url) ?? [];
  if (mediaType === undefined || data === undefined)
    throw new ApiError(400, 'InvalidParameter', 'The data URI is not valid.');
  return { bytes: Buffer.from(data, 'base64'), mediaType };
}

async function fetchPublic(url: string): Promise<Media> {
  const reply = await fetch(url).catch(() => undefined);
  if (!reply?.ok) throw new ApiError(400, 'InvalidFile.DownloadFailed', 'The file download failed.');
  return { bytes: Buffer.from(await reply.arrayBuffer()), mediaType: reply.headers.get('content-type') ?? undefined };
}

/** OSS V1 PostObject: HMAC-SHA1 over the policy as sent. */
function sign(policy: string): string {
  return createHmac('sha1', secret).update(policy).digest('base64');
}
