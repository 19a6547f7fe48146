import { describe, expect, it } from 'vitest';
import { findRegion, resolveHost } from '../../../src/providers/vendors/dashscope/hosts.js';
import { dashscope } from '../../../src/providers/vendors/dashscope/index.js';

describe('hosts of Model Studio', () => {
  it.each([
    ['cn', 'dashscope.aliyuncs.com'],
    ['beijing', 'dashscope.aliyuncs.com'],
    ['cn-beijing', 'dashscope.aliyuncs.com'],
    ['intl', 'dashscope-intl.aliyuncs.com'],
    ['Singapore', 'dashscope-intl.aliyuncs.com'],
    ['ap-southeast-1', 'dashscope-intl.aliyuncs.com'],
    ['hongkong', 'cn-hongkong.dashscope.aliyuncs.com'],
    ['us', 'dashscope-us.aliyuncs.com'],
  ])('the region %s is at %s', (region, host) => {
    const resolved = resolveHost({ region });
    expect(resolved).toMatchObject({
      baseUrl: `https://${host}`,
      host,
      timeoutMs: 600_000,
      workspaceHeader: undefined,
    });
    expect(resolved.warnings).toEqual([]);
  });

  it('a workspace has a host of its own in its region, which waits an hour', () => {
    expect(resolveHost({ region: 'intl', workspace: 'ws-0123456789abcdef' })).toMatchObject({
      baseUrl: 'https://ws-0123456789abcdef.ap-southeast-1.maas.aliyuncs.com',
      workspaceHeader: undefined,
      timeoutMs: 3_600_000,
    });
  });

  it('a workspace on a base URL of its own goes into the header', () => {
    const resolved = resolveHost({ region: 'cn', baseUrl: 'https://gateway.example', workspace: 'llm-abc' });
    expect(resolved).toMatchObject({
      baseUrl: 'https://gateway.example',
      workspaceHeader: 'llm-abc',
      region: undefined,
    });
  });

  it.each(['eu', 'jp'])('the region %s needs a workspace, and the hint says so', (region) => {
    expect(() => resolveHost({ region })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('DASHSCOPE_WORKSPACE') }),
    );
    expect(resolveHost({ region, workspace: 'ws-1' }).host).toMatch(/^ws-1\.(eu-central-1|ap-northeast-1)\.maas\./);
  });

  it.each(['/api/v1', '/api/v1/', '/compatible-mode/v1', '/api-ws/v1/inference/'])(
    'the path %s behind a base URL is left out with a warning',
    (path) => {
      const resolved = resolveHost({ region: 'cn', baseUrl: `https://dashscope-intl.aliyuncs.com${path}` });
      expect(resolved.baseUrl).toBe('https://dashscope-intl.aliyuncs.com');
      expect(resolved.region?.name).toBe('intl');
      expect(resolved.warnings).toEqual([`DASHSCOPE_BASE_URL is a host without a path; ${path} was left out.`]);
    },
  );

  it("keeps a gateway's own path, adds a missing scheme and drops slashes", () => {
    expect(resolveHost({ region: 'cn', baseUrl: 'http://10.1.2.3:8080/qwen/' }).baseUrl).toBe(
      'http://10.1.2.3:8080/qwen',
    );
    expect(resolveHost({ region: 'cn', baseUrl: 'dashscope.aliyuncs.com/' }).baseUrl).toBe(
      'https://dashscope.aliyuncs.com',
    );
    expect(resolveHost({ region: 'cn', baseUrl: 'https://gw.example/qwen/api/v1' }).baseUrl).toBe(
      'https://gw.example/qwen',
    );
  });

  it('knows the region of a workspace host that is given as base URL', () => {
    const baseUrl = 'https://ws-1.us-east-1.maas.aliyuncs.com';
    expect(resolveHost({ region: 'cn', baseUrl })).toMatchObject({ region: { name: 'us' }, timeoutMs: 3_600_000 });
    const trial = 'https://trial.cn-beijing.maas.aliyuncs.com';
    expect(resolveHost({ region: 'intl', baseUrl: trial })).toMatchObject({
      region: { name: 'cn' },
      timeoutMs: 600_000,
    });
  });

  it.each(['not a url', 'ftp://dashscope.aliyuncs.com', 'https://user:secret@host', 'https://host/?key=secret'])(
    'refuses the base URL %s without repeating it',
    (baseUrl) => {
      expect(() => resolveHost({ region: 'cn', baseUrl })).toThrow('DASHSCOPE_BASE_URL is not the URL of a host.');
    },
  );

  it('lists the regions when there is none of that name', () => {
    expect(() => findRegion('mars')).toThrow(
      expect.objectContaining({
        message: 'Model Studio has no region "mars".',
        hint: '--dashscope-region takes cn (Beijing), intl (Singapore), hongkong (Hong Kong), us (Virginia), eu (Frankfurt), jp (Tokyo).',
      }),
    );
  });

  it.each(['ws 1', 'a/b', 'x.example.com', '-a'])(
    'refuses the workspace %s, which would change the host',
    (workspace) => {
      expect(() => resolveHost({ region: 'cn', workspace })).toThrow('is not the id of a workspace');
    },
  );
});

describe('the settings of a client', () => {
  const options = { region: 'cn', pollMs: 1000 };
  const never = new AbortController().signal;
  const anything = { safeParse: (value: unknown) => ({ success: true as const, data: value }) };

  it('are not ready without a key, and the hint names the variable', async () => {
    const client = dashscope(options, {});
    expect(client.ready()).toMatchObject({
      ready: false,
      detail: 'no API key',
      hint: expect.stringContaining('DASHSCOPE_API_KEY'),
    });
    await expect(client.get('/api/v1/x', anything, never)).rejects.toMatchObject({ code: 'PROVIDER_AUTH' });
  });

  it('say host, place and what was put right when they are ready', () => {
    expect(dashscope({ ...options, apiKey: 'sk-1' }, {}).ready().detail).toBe(
      'key set, dashscope.aliyuncs.com (Beijing)',
    );
    const odd = dashscope({ ...options, apiKey: 'sk-1', baseUrl: 'http://127.0.0.1:1/api/v1' }, {});
    expect(odd.ready().detail).toBe(
      'key set, 127.0.0.1:1; DASHSCOPE_BASE_URL is a host without a path; /api/v1 was left out.',
    );
  });

  it('tell keys apart without telling them', () => {
    const [one, two] = ['sk-1', 'sk-2'].map((apiKey) => dashscope({ ...options, apiKey }, {}).account);
    expect(one).toMatch(/^[0-9a-f]{12}$/);
    expect(one).not.toBe(two);
  });

  it('refuse a key that cannot be a header, and a client without a network', async () => {
    const odd = dashscope({ ...options, apiKey: 'sk-1 sk-2' }, {});
    await expect(odd.get('/api/v1/x', anything, never)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const cut = dashscope({ ...options, apiKey: 'sk-1' }, {});
    await expect(cut.get('/api/v1/x', anything, never)).rejects.toThrow('no HTTP client was given');
  });
});
