import { z } from 'zod';
import { DubError } from '../../../errors.js';

/** Options of a store that speaks S3: MinIO, Cloudflare R2, AWS and others. */
export const s3Options = z.strictObject({
  /** `https://minio.example.org:9000`, `https://<account>.r2.cloudflarestorage.com`; a bare host:port as MinIO's clients take it. */
  endpoint: z.string().trim().min(1).optional(),
  /** Whether a bare endpoint speaks TLS; `true`, `1`, `yes` and their opposites. */
  useSsl: z.string().trim().optional(),
  /** The host that links are signed for, where a service reaches the bucket by another one than this machine. */
  publicEndpoint: z.string().trim().min(1).optional(),
  bucket: z.string().trim().min(1).optional(),
  /** `auto` on R2. */
  region: z.string().trim().min(1).default('us-east-1'),
  accessKeyId: z.string().trim().min(1).optional(),
  secretAccessKey: z.string().trim().min(1).optional(),
  sessionToken: z.string().trim().min(1).optional(),
  /** Where in the bucket; ends in `/` or nothing. */
  prefix: z.string().trim().default('dub/'),
  /** Life of a link: from one second to the seven days that signature version 4 allows. */
  linkHours: z.number().positive().max(168).default(24),
  /** For one request. */
  timeoutMs: z.number().int().positive().optional(),
});

/** What `s3Options` parse to. */
export type S3Options = z.output<typeof s3Options>;

/** Options that are never printed. */
export const s3Secrets = ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const;

/** A bucket and the way to it. */
export interface S3Place {
  /** Without a slash at the end; path-style addresses begin with it. */
  readonly endpoint: string;
  /** The same for links. */
  readonly publicEndpoint: string;
  readonly host: string;
  readonly bucket: string;
}

/** @throws CONFIG_INVALID naming what is missing or is no address */
export function readPlace(options: S3Options): S3Place {
  const { endpoint, bucket, useSsl, publicEndpoint } = options;
  if (endpoint === undefined || bucket === undefined) {
    const what = [...(endpoint === undefined ? ['endpoint'] : []), ...(bucket === undefined ? ['bucket'] : [])].join(
      ' and no ',
    );
    throw new DubError('CONFIG_INVALID', `The S3 store has no ${what}.`, { hint: setUp });
  }
  const url = readAddress(endpoint, useSsl);
  const links = publicEndpoint === undefined ? url : readAddress(publicEndpoint, undefined);
  return { endpoint: base(url), publicEndpoint: base(links), host: url.host, bucket };
}

/** @throws PROVIDER_AUTH when a key is missing */
export function readCredentials({ accessKeyId, secretAccessKey, sessionToken }: S3Options) {
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new DubError('PROVIDER_AUTH', 'There is no key for the S3 store.', { hint: setUp });
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

const setUp =
  'Set S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or MinIO’s MINIO_ENDPOINT, MINIO_BUCKET, MINIO_ACCESS_KEY and MINIO_SECRET_KEY.';

function readAddress(text: string, useSsl: string | undefined): URL {
  const scheme = /^(1|true|yes|on)$/i.test(useSsl ?? 'false') ? 'https' : 'http';
  const whole = /^https?:\/\//i.test(text) ? text : `${scheme}://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url && url.username === '' && url.password === '' && url.search === '' && url.hash === '') return url;
  throw new DubError('CONFIG_INVALID', 'The endpoint of the S3 store is no address of a server.', {
    hint: 'Write it as https://host:9000, without user name, query or bucket.',
  });
}

function base(url: URL): string {
  return url.href.replace(/\/+$/, '');
}
