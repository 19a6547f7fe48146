import { z } from 'zod';
import { DubError } from '../../../errors.js';

const domain = z
  .string()
  .regex(/^(https?:\/\/)?[a-z0-9.-]+(:\d+)?\/?$/i, 'must be a host name, with or without https:// in front');
const text = z.string().trim().min(1);

/** A switch as variables spell it; anything else as it is. */
function readSwitchWord(value: unknown): unknown {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
  if (word !== undefined && ['1', 'true', 'yes', 'on'].includes(word)) return true;
  return word !== undefined && ['', '0', 'false', 'no', 'off'].includes(word) ? false : value;
}

/** Options of the OSS store. */
export const ossOptions = z.strictObject({
  /** OSS_ACCESS_KEY_ID. */
  accessKeyId: text.optional(),
  /** OSS_ACCESS_KEY_SECRET. */
  accessKeySecret: text.optional(),
  /** OSS_SECURITY_TOKEN: the token that belongs to a temporary key (STS). */
  securityToken: text.optional(),
  /** OSS_BUCKET. The service's rule: 3 to 63 lower-case letters, digits and hyphens, no dots. */
  bucket: z
    .string()
    .regex(
      /^[a-z0-9_][a-z0-9_-]{1,61}[a-z0-9_]$/,
      'must be 3 to 63 lower-case letters, digits and hyphens, without dots',
    )
    .optional(),
  /** OSS_REGION: `cn-beijing` or `oss-cn-beijing`. Signatures need the bucket's true region, whatever the endpoint. */
  region: z
    .string()
    .regex(/^[a-z]{2,}(-[a-z0-9]+)+$/, 'must look like cn-beijing')
    .optional(),
  /** OSS_ENDPOINT: host or URL; the region's public endpoint over https when left out. */
  endpoint: domain.optional(),
  /** OSS_CNAME: the bucket's own domain; or true, in any of the usual words, when `endpoint` is that domain. */
  cname: z.preprocess(readSwitchWord, z.union([z.boolean(), domain])).default(false),
  /** Upload over the region's internal network. Links are for the public host all the same. */
  internal: z.boolean().default(false),
  /** The bucket in the path instead of the host: test servers and gateways. By itself for IP addresses and localhost. */
  pathStyle: z.boolean().optional(),
  /** What object names begin with. */
  prefix: z
    .string()
    .regex(/^(?!\/)(?!.*\/\/)(?!(.*\/)?\.{1,2}(\/|$))[A-Za-z0-9._/-]*$/, 'must be ASCII letters, digits and ._-/')
    .default('dub/'),
  /** How long links work. Recognition may queue for hours; the service's limit is seven days. */
  linkHours: z.number().positive().max(168).default(12),
  /** A CDN in front of the bucket, or another of its domains: links lead there. */
  cdnDomain: domain.optional(),
  /** The CDN's key for signed links of type A. */
  cdnKey: text.optional(),
  /**
   * How links on `cdnDomain` prove themselves. `type-a`: `auth_key` by `cdnKey`; the CDN reads the bucket by itself.
   * `oss`: OSS's own signature, which the CDN has to pass on. `none`: open to everyone who knows the random name.
   */
  cdnAuth: z.enum(['type-a', 'oss', 'none']).optional(),
  /** Have OSS delete what is under `prefix` after so many days, by a lifecycle rule of the bucket. */
  lifecycleDays: z.number().int().min(1).max(3650).optional(),
  /** Larger files go up in parts. */
  multipartFrom: z.number().int().min(102_400).max(67_108_864).default(20_000_000),
  /** Bytes of a part; at most 10,000 parts, so it grows with files over 80 GB. 100 KiB is the service's least. */
  partSize: z.number().int().min(102_400).max(67_108_864).default(8_388_608),
  /** Parts under way at once; each is held in memory. */
  parallel: z.number().int().min(1).max(16).default(3),
  /** Where notes of unfinished uploads are kept, so that a later run goes on with them; the run's scratch otherwise. */
  checkpointFolder: text.optional(),
  /** Longest silence of a request. */
  timeoutMs: z.number().int().positive().default(60_000),
});

/** Options as the schema reads them. */
export type OssOptions = z.output<typeof ossOptions>;

/** Where the bucket is and how its objects are addressed. */
export interface OssPlace {
  readonly bucket: string;
  /** As signatures have it: `cn-beijing`. */
  readonly region: string;
  /** `https://host[:port]`, without the bucket unless the domain is its own. */
  readonly endpoint: string;
  readonly style: 'virtual' | 'cname' | 'path';
  /** The same for links: never an internal host. */
  readonly linkEndpoint: string;
  /** The host that requests go to. */
  readonly host: string;
  /** True for the public host of a region of mainland China, which newer accounts may not use. */
  readonly isMainlandPublic: boolean;
}

/** A key, and the token of a temporary one. */
export interface OssCredentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string | undefined;
}

/** @throws PROVIDER_AUTH when a key is missing */
export function readCredentials(options: OssOptions): OssCredentials {
  const { accessKeyId, accessKeySecret, securityToken } = options;
  if (accessKeyId !== undefined && accessKeySecret !== undefined) {
    return { accessKeyId, accessKeySecret, securityToken };
  }
  const missing = accessKeyId === undefined ? 'key (OSS_ACCESS_KEY_ID)' : 'key secret (OSS_ACCESS_KEY_SECRET)';
  throw new DubError('PROVIDER_AUTH', `OSS has no access ${missing}.`, {
    hint: 'Set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET (and OSS_SECURITY_TOKEN for a temporary key), or choose another --store.',
  });
}

/** @throws CONFIG_INVALID when bucket or region is missing, or when settings contradict each other or are dangerous */
export function readPlace(options: OssOptions): OssPlace {
  const { bucket } = options;
  if (bucket === undefined) {
    throw new DubError('CONFIG_INVALID', 'OSS has no bucket.', {
      hint: 'Set OSS_BUCKET, or name it: --store oss:BUCKET.',
    });
  }
  refuseCdnContradictions(options);
  if (options.lifecycleDays !== undefined && options.prefix === '') {
    throw new DubError('CONFIG_INVALID', 'A lifecycle rule without a prefix would delete everything in the bucket.', {
      hint: 'Set `prefix`, for example dub/, or leave `lifecycleDays` out.',
    });
  }
  const own = typeof options.cname === 'string' ? options.cname : options.cname ? options.endpoint : undefined;
  if (own === undefined && options.cname === true) {
    throw new DubError('CONFIG_INVALID', 'OSS_CNAME says that the endpoint is a domain of your own, but none is set.', {
      hint: 'Set OSS_ENDPOINT to that domain, for example https://media.example.com.',
    });
  }
  const given = own ?? options.endpoint;
  const url = given === undefined ? undefined : originOf(given);
  const region = readRegion(options, url);
  const service = options.internal ? `oss-${region}-internal.aliyuncs.com` : `oss-${region}.aliyuncs.com`;
  const endpoint = new URL(url === undefined ? `https://${service}` : withoutBucket(url, bucket));
  const style = own !== undefined ? 'cname' : isInPath(options, endpoint) ? 'path' : 'virtual';
  const link = new URL(endpoint);
  link.hostname = link.hostname.replace(/-internal\.aliyuncs\.com$/, '.aliyuncs.com');
  const host = style === 'virtual' ? `${bucket}.${endpoint.host}` : endpoint.host;
  return {
    ...{ bucket, region, style, host, endpoint: endpoint.origin, linkEndpoint: link.origin },
    isMainlandPublic: style === 'virtual' && isMainland(region) && endpoint.hostname === `oss-${region}.aliyuncs.com`,
  };
}

/** Scheme and host of a domain; https unless told. */
export function originOf(given: string): URL {
  return new URL(/^https?:\/\//i.test(given) ? given : `https://${given}`);
}

/** What object names begin with: empty, or ending in a slash. */
export function folderOf(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

const serviceHost = /(?:^|\.)oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com$/;

function readRegion(options: OssOptions, url: URL | undefined): string {
  const told = options.region?.replace(/^oss-/, '');
  const shown = url === undefined ? undefined : serviceHost.exec(url.hostname)?.[1];
  // The accelerated endpoint serves every region.
  const inHost = shown?.startsWith('accelerate') ? undefined : shown;
  if (told !== undefined && inHost !== undefined && told !== inHost) {
    throw new DubError('CONFIG_INVALID', `OSS_REGION is ${told}, but OSS_ENDPOINT is of ${inHost}.`, {
      hint: `Set both to the bucket's region, or leave OSS_ENDPOINT out.`,
    });
  }
  const region = told ?? inHost;
  if (region !== undefined) return region;
  throw new DubError('CONFIG_INVALID', "OSS has no region, and signatures need the bucket's.", {
    hint: 'Set OSS_REGION, for example OSS_REGION=cn-beijing.',
  });
}

/** The console shows the bucket's whole host, which is a common thing to paste. */
function withoutBucket(url: URL, bucket: string): string {
  const whole = new RegExp(`^${bucket}\\.(oss-[a-z0-9-]+\\.aliyuncs\\.com)$`).exec(url.hostname);
  return whole === null ? url.origin : url.origin.replace(url.hostname, whole[1]!);
}

function isInPath(options: OssOptions, endpoint: URL): boolean {
  return options.pathStyle ?? /^(localhost|[\d.]+)$/.test(endpoint.hostname);
}

function isMainland(region: string): boolean {
  return region.startsWith('cn-') && region !== 'cn-hongkong';
}

function refuseCdnContradictions({ cdnDomain, cdnAuth, cdnKey }: OssOptions): void {
  const invalid = (message: string, hint: string) => new DubError('CONFIG_INVALID', message, { hint });
  if (cdnDomain === undefined && (cdnAuth !== undefined || cdnKey !== undefined)) {
    throw invalid('OSS has settings for a CDN, but no CDN domain.', 'Set `cdnDomain`, or leave the others out.');
  }
  if (cdnAuth === 'type-a' && cdnKey === undefined) {
    throw invalid('Links of type A need the key of the CDN domain.', 'Set `cdnKey`, or another `cdnAuth`.');
  }
  if (cdnKey !== undefined && cdnAuth !== undefined && cdnAuth !== 'type-a') {
    throw invalid(`\`cdnKey\` is of no use with \`cdnAuth: ${cdnAuth}\`.`, 'Leave one of them out.');
  }
}
