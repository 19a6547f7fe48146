import { DubError } from '../../../errors.js';

/** A region as the price list and the console call it. */
export interface DashscopeRegion {
  /** As it is written after --dashscope-region. */
  readonly name: string;
  /** The region's own id, part of workspace hosts. */
  readonly id: string;
  readonly place: string;
  /** The host that all workspaces share; undefined where only workspace hosts exist. */
  readonly sharedHost: string | undefined;
  readonly otherNames: readonly string[];
}

/** Where calls go. */
export interface DashscopeHost {
  /** Scheme, host and port, no slash at the end; a gateway's own path is kept. */
  readonly baseUrl: string;
  /** Host and port. */
  readonly host: string;
  /** Undefined for a base URL of one's own choice that names no region. */
  readonly region: DashscopeRegion | undefined;
  /** Which setting decided, as messages name it. */
  readonly decidedBy: string;
  /** Sent as X-DashScope-WorkSpace; a workspace host needs none. */
  readonly workspaceHeader: string | undefined;
  /** The host ends requests after this: 3600 s on workspace hosts, 600 s on the others. */
  readonly timeoutMs: number;
  readonly warnings: readonly string[];
}

/** Prefixes of whole paths. */
export const prefixes = { native: '/api/v1', compat: '/compatible-mode/v1' } as const;

// Base URL and region pages of help.aliyun.com, mid-2026. They disagree about a shared host in Virginia; it is taken
// to exist, because a workspace or a base URL goes round it.
const regions: readonly DashscopeRegion[] = [
  region('cn', 'cn-beijing', 'Beijing', 'dashscope.aliyuncs.com', ['beijing', 'china']),
  region('intl', 'ap-southeast-1', 'Singapore', 'dashscope-intl.aliyuncs.com', ['singapore', 'sg', 'international']),
  region('hongkong', 'cn-hongkong', 'Hong Kong', 'cn-hongkong.dashscope.aliyuncs.com', ['hk', 'hong-kong']),
  region('us', 'us-east-1', 'Virginia', 'dashscope-us.aliyuncs.com', ['virginia', 'usa']),
  region('eu', 'eu-central-1', 'Frankfurt', undefined, ['germany', 'frankfurt', 'de']),
  region('jp', 'ap-northeast-1', 'Tokyo', undefined, ['japan', 'tokyo']),
];

/** Paths that people write behind the host because other tools ask for them. */
const habitualPath = /\/(api\/v1|compatible-mode\/v1|api-ws\/v1\/(inference|realtime)|apps\/anthropic)\/?$/;

const sharedTimeoutMs = 600_000;
const workspaceTimeoutMs = 3_600_000;

/** @throws `CONFIG_INVALID` for an unknown region, a base URL that is none, or a region that needs a workspace */
export function resolveHost(settings: {
  readonly region: string;
  readonly baseUrl?: string | undefined;
  readonly workspace?: string | undefined;
}): DashscopeHost {
  const { baseUrl, workspace } = settings;
  if (baseUrl !== undefined) return ownHost(baseUrl, workspace);
  const found = findRegion(settings.region);
  if (workspace !== undefined) return workspaceHost(found, workspace);
  if (found.sharedHost === undefined) {
    throw new DubError('CONFIG_INVALID', `Model Studio has no shared host in ${found.place} (${found.id}).`, {
      hint: `Set DASHSCOPE_WORKSPACE to the id of your workspace in ${found.place}, or choose another --dashscope-region.`,
    });
  }
  return {
    baseUrl: `https://${found.sharedHost}`,
    host: found.sharedHost,
    region: found,
    decidedBy: `--dashscope-region ${found.name}`,
    workspaceHeader: undefined,
    timeoutMs: sharedTimeoutMs,
    warnings: [],
  };
}

/** @throws `CONFIG_INVALID` for a name that is no region; the known ones are listed */
export function findRegion(name: string): DashscopeRegion {
  const wanted = name.trim().toLowerCase();
  const found = regions.find((one) => one.name === wanted || one.id === wanted || one.otherNames.includes(wanted));
  if (found) return found;
  throw new DubError('CONFIG_INVALID', `Model Studio has no region ${JSON.stringify(name)}.`, {
    hint: `--dashscope-region takes ${regions.map((one) => `${one.name} (${one.place})`).join(', ')}.`,
  });
}

/** Workspace ids: a label of a host name. */
const workspaceId = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

function workspaceHost(found: DashscopeRegion, workspace: string): DashscopeHost {
  if (!workspaceId.test(workspace)) {
    throw new DubError('CONFIG_INVALID', `${JSON.stringify(workspace)} is not the id of a workspace.`, {
      hint: 'DASHSCOPE_WORKSPACE is an id such as ws-0123456789abcdef or llm-abcdefgh, from the console.',
    });
  }
  const host = `${workspace}.${found.id}.maas.aliyuncs.com`;
  return {
    baseUrl: `https://${host}`,
    host,
    region: found,
    decidedBy: `--dashscope-region ${found.name} and DASHSCOPE_WORKSPACE`,
    workspaceHeader: undefined,
    timeoutMs: workspaceTimeoutMs,
    warnings: [],
  };
}

function ownHost(text: string, workspace: string | undefined): DashscopeHost {
  const url = parseBase(text);
  const path = url.pathname.replace(habitualPath, '').replace(/\/+$/, '');
  const warnings: string[] = [];
  if (habitualPath.test(url.pathname)) {
    warnings.push(`DASHSCOPE_BASE_URL is a host without a path; ${url.pathname} was left out.`);
  }
  const isWorkspaceHost = /\.maas\.aliyuncs\.com$/i.test(url.hostname);
  const found = regions.find(
    (one) => one.sharedHost === url.hostname || (isWorkspaceHost && url.hostname.includes(`.${one.id}.`)),
  );
  return {
    baseUrl: `${url.protocol}//${url.host}${path}`,
    host: url.host,
    region: found,
    decidedBy: `DASHSCOPE_BASE_URL ${url.protocol}//${url.host}${path}`,
    workspaceHeader: isWorkspaceHost ? undefined : workspace,
    timeoutMs: isWorkspaceHost && !url.hostname.startsWith('trial.') ? workspaceTimeoutMs : sharedTimeoutMs,
    warnings,
  };
}

function parseBase(text: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  const plain = url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
  if (url !== undefined && plain && url.username === '' && url.password === '') return url;
  // The text is not shown: it may hold a password.
  throw new DubError('CONFIG_INVALID', 'DASHSCOPE_BASE_URL is not the URL of a host.', {
    hint: 'Set it to a host without a path, such as https://dashscope-intl.aliyuncs.com, or unset it.',
  });
}

function region(
  name: string,
  id: string,
  place: string,
  sharedHost: string | undefined,
  otherNames: readonly string[],
): DashscopeRegion {
  return { name, id, place, sharedHost, otherNames };
}
