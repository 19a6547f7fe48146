import { timingSafeEqual } from 'node:crypto';
import { ApiError } from './api-error.js';

/** Regions that have a host. */
export type RegionId =
  | 'cn-beijing'
  | 'ap-southeast-1'
  | 'cn-hongkong'
  | 'us-east-1'
  | 'eu-central-1'
  | 'ap-northeast-1';

/** One API key. */
export interface Credentials {
  readonly key: string;
  readonly region: RegionId;
  /** Set for keys that belong to one workspace. */
  readonly workspace?: string;
}

/** A main account: its keys share quotas, tasks and uploaded files. */
export interface Account {
  readonly id: string;
  readonly keys: readonly Credentials[];
  /** Workspaces that X-DashScope-WorkSpace may name. */
  readonly workspaces: readonly string[];
}

/** A key of Beijing that works on an emulator without further settings. */
export const defaultKey = 'sk-5f0e3c1a9b7d4e2f8a6c0b1d2e3f4a5b';

/** Two accounts: `main` with a second key, one of Singapore and a workspace's key; `other` for what is not shared. */
export const defaultAccounts: readonly Account[] = [
  {
    id: 'main',
    keys: [
      { key: defaultKey, region: 'cn-beijing' },
      { key: 'sk-11111111111111111111111111111111', region: 'cn-beijing' },
      { key: 'sk-22222222222222222222222222222222', region: 'ap-southeast-1' },
      { key: 'sk-ws-33333333333333333333333333333333', region: 'cn-beijing', workspace: 'ws-0123456789abcdef' },
    ],
    workspaces: ['ws-0123456789abcdef', 'llm-main'],
  },
  { id: 'other', keys: [{ key: 'sk-44444444444444444444444444444444', region: 'cn-beijing' }], workspaces: [] },
];

/** The host a request came to. */
export interface HostIdentity {
  readonly accounts: readonly Account[];
  readonly region: RegionId;
  readonly workspace: string | undefined;
}

/** Finds the key a request carries. @throws ApiError 401 or 404 as the service answers */
export function authenticate(headers: NodeJS.Dict<string | string[]>, host: HostIdentity): Credentials {
  const given = /^Bearer +(\S+)$/i.exec(String(headers.authorization ?? ''))?.[1] ?? '';
  if (given.startsWith('sk-sp-')) throw new ApiError(401, 'InvalidApiKey', 'invalid access token or token expired');
  const known = host.accounts.flatMap(({ keys }) => keys).find(({ key }) => equal(key, given));
  if (known === undefined || known.region !== host.region) {
    throw new ApiError(401, 'InvalidApiKey', 'Invalid API-key provided.', {
      compatMessage: 'Incorrect API key provided. ',
    });
  }
  if (host.workspace !== undefined && known.workspace !== host.workspace) {
    throw new ApiError(401, 'NOT AUTHORIZED', 'NOT AUTHORIZED');
  }
  const workspace = headers['x-dashscope-workspace'];
  if (typeof workspace === 'string' && !accountOf(known, host.accounts).workspaces.includes(workspace)) {
    throw new ApiError(404, 'WorkSpaceNotFound', 'WorkSpace can not be found.');
  }
  return known;
}

/** The account of a key. */
export function accountOf({ key }: Credentials, accounts: readonly Account[]): Account {
  return accounts.find(({ keys }) => keys.some((one) => one.key === key))!;
}

function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
