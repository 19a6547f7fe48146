import { describe, expect, it } from 'vitest';
import { replyBody } from '../../../src/net/reply.js';
import type { ServiceError } from '../../../src/providers/vendors/dashscope/envelope.js';
import { readError, readEventError } from '../../../src/providers/vendors/dashscope/envelope.js';
import { createClassifier, judgeError } from '../../../src/providers/vendors/dashscope/errors.js';
import { resolveHost } from '../../../src/providers/vendors/dashscope/hosts.js';

const situation = { host: resolveHost({ region: 'intl' }), apiKey: 'sk-0123456789abcdef' };
const requestId = 'fb53c4ec-1111-2222-3333-444455556666';
const body = (value: string | object) =>
  replyBody(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

function judged(status: number, code: string, message = '') {
  return judgeError({ status, code, message, requestId, enveloped: true }, situation);
}

describe('the code table', () => {
  it.each<[number, string, string, string, string]>([
    [400, 'InvalidParameter', 'Required parameter(x) missing or invalid', 'PROVIDER_REFUSED', 'never'],
    [400, 'InvalidParameter.NotSupportEnableThinking', 'x', 'PROVIDER_REFUSED', 'never'],
    [400, 'InvalidParameter', 'Model not exist.', 'PROVIDER_UNSUPPORTED', 'never'],
    [400, 'BadRequest.EmptyInput', '', 'PROVIDER_REFUSED', 'never'],
    [400, 'BadRequest.EmptyModel', '', 'PROVIDER_REFUSED', 'never'],
    [400, 'BadRequest.EmptyParameters', '', 'PROVIDER_REFUSED', 'never'],
    [400, 'BadRequest.IllegalInput', '', 'PROVIDER_REFUSED', 'never'],
    [400, 'BadRequest.InputDownloadFailed', '', 'PROVIDER_REFUSED', 'once'],
    [400, 'InvalidFile.DownloadFailed', '', 'PROVIDER_REFUSED', 'once'],
    [400, 'InvalidURL', '', 'PROVIDER_REFUSED', 'once'],
    [400, 'InvalidURL.Timeout', '', 'PROVIDER_REFUSED', 'once'],
    [400, 'InvalidURL.ConnectionRefused', '', 'PROVIDER_REFUSED', 'once'],
    [
      400,
      'InvalidParameter.DataInspection',
      'Unable to download the media resource during …',
      'PROVIDER_REFUSED',
      'once',
    ],
    [
      400,
      'InvalidParameter.DataInspection',
      'The media format is not supported or incorrect',
      'PROVIDER_REFUSED',
      'never',
    ],
    [400, 'BadRequest.UnsupportedFileFormat', '', 'PROVIDER_REFUSED', 'never'],
    [400, 'BadRequest.TooLarge', '', 'PROVIDER_REFUSED', 'never'],
    [400, 'InvalidFile.AudioLengthError', '', 'PROVIDER_REFUSED', 'never'],
    [400, 'Audio.PreprocessError', '', 'PROVIDER_REFUSED', 'never'],
    [
      400,
      'AUDIO_DURATION_TOO_LONG',
      'audio duration (301008.0ms) over service process (300s)',
      'PROVIDER_REFUSED',
      'never',
    ],
    [400, 'BadRequest.ResourceNotExist', '', 'PROVIDER_UNSUPPORTED', 'never'],
    [400, 'BadRequest.VoiceNotFound', '', 'PROVIDER_UNSUPPORTED', 'never'],
    [400, 'Throttling.AllocationQuota', 'Maximum voice storage limit exceeded', 'PROVIDER_QUOTA', 'never'],
    [429, 'Throttling.AllocationQuota', '您当前的配额为 1000', 'PROVIDER_QUOTA', 'never'],
    [400, 'DataInspectionFailed', 'Input data may contain inappropriate content.', 'PROVIDER_REFUSED', 'never'],
    [400, 'Arrearage', 'Access denied', 'PROVIDER_QUOTA', 'never'],
    [400, 'ClientDisconnect', '', 'PROVIDER_UNREACHABLE', 'freely'],
    [400, 'APIConnectionError', '', 'PROVIDER_UNREACHABLE', 'freely'],
    [401, 'InvalidApiKey', 'Invalid API-key provided.', 'PROVIDER_AUTH', 'never'],
    [401, 'NOT AUTHORIZED', '', 'PROVIDER_AUTH', 'never'],
    [401, '', 'invalid access token or token expired', 'PROVIDER_AUTH', 'never'],
    [402, '', '', 'PROVIDER_QUOTA', 'never'],
    [403, 'AccessDenied', 'Access denied.', 'PROVIDER_AUTH', 'never'],
    [403, 'AccessDenied', 'current user api does not support synchronous calls.', 'PROVIDER_UNSUPPORTED', 'never'],
    [403, 'AccessDenied', 'Current user api does not support asynchronous calls.', 'PROVIDER_UNSUPPORTED', 'never'],
    [403, 'AccessDenied.Unpurchased', '', 'PROVIDER_AUTH', 'never'],
    [403, 'Model.AccessDenied', '', 'PROVIDER_AUTH', 'never'],
    [403, 'App.AccessDenied', '', 'PROVIDER_AUTH', 'never'],
    [403, 'Workspace.AccessDenied', '', 'PROVIDER_AUTH', 'never'],
    [403, 'Endpoint.AccessDenied', '', 'PROVIDER_UNSUPPORTED', 'never'],
    [403, 'AllocationQuota.FreeTierOnly', 'The free tier of the model has been exhausted.', 'PROVIDER_QUOTA', 'never'],
    [403, 'Throttling.AllocationQuota', '', 'PROVIDER_QUOTA', 'never'],
    [404, 'ModelNotFound', '', 'PROVIDER_UNSUPPORTED', 'never'],
    [404, 'model_not_supported', '', 'PROVIDER_UNSUPPORTED', 'never'],
    [404, 'WorkSpaceNotFound', '', 'PROVIDER_AUTH', 'never'],
    [404, 'NotFound', 'Not found!', 'PROVIDER_REFUSED', 'never'],
    [409, 'Conflict', '', 'PROVIDER_REFUSED', 'never'],
    [429, 'Throttling', 'Requests throttling triggered.', 'PROVIDER_BUSY', 'freely'],
    [429, 'Throttling.RateQuota', '', 'PROVIDER_BUSY', 'freely'],
    [429, 'Throttling.BurstRate', '', 'PROVIDER_BUSY', 'freely'],
    [
      429,
      'Throttling.AllocationQuota',
      'Allocated quota exceeded, please increase your quota limit.',
      'PROVIDER_BUSY',
      'freely',
    ],
    [
      429,
      'Throttling.AllocationQuota',
      'You exceeded your current quota, please check your plan and billing details.',
      'PROVIDER_BUSY',
      'freely',
    ],
    [429, 'Throttling.AllocationQuota', 'Free allocated quota exceeded.', 'PROVIDER_QUOTA', 'never'],
    [429, 'Throttling.AllocationQuota', 'token-plan 1-week quota has been exhausted', 'PROVIDER_QUOTA', 'never'],
    [429, 'CommodityNotPurchased', '', 'PROVIDER_QUOTA', 'never'],
    [429, 'PrepaidBillOverdue', '', 'PROVIDER_QUOTA', 'never'],
    [429, 'PostpaidBillOverdue', '', 'PROVIDER_QUOTA', 'never'],
    [429, 'SomethingNew', '', 'PROVIDER_BUSY', 'freely'],
    [430, 'Audio.DecoderError', '', 'PROVIDER_REFUSED', 'never'],
    [430, 'Audio.AudioSilentError', '', 'PROVIDER_REFUSED', 'never'],
    [430, 'SomethingNew', '', 'PROVIDER_REFUSED', 'never'],
    [500, 'InternalError', '', 'PROVIDER_BAD_REPLY', 'freely'],
    [500, 'InternalError.Algo', 'An internal error has occured', 'PROVIDER_BAD_REPLY', 'freely'],
    [500, 'InternalError.Algo', 'Role must be in [user, assistant].', 'PROVIDER_REFUSED', 'never'],
    [500, 'InternalError.Algo', 'list index out of range', 'PROVIDER_REFUSED', 'never'],
    [500, 'InternalError.Algo', 'Missing Content-Length of multimodal url', 'PROVIDER_REFUSED', 'never'],
    [
      500,
      'InternalError.Algo.InvalidParameter',
      'Range of input length should be [1, 8192]',
      'PROVIDER_REFUSED',
      'never',
    ],
    [500, 'InternalError.Timeout', '', 'PROVIDER_TIMEOUT', 'freely'],
    [500, 'SystemError', '', 'PROVIDER_BAD_REPLY', 'freely'],
    [500, 'ModelServiceFailed', '', 'PROVIDER_BAD_REPLY', 'freely'],
    [500, 'RequestTimeOut', '', 'PROVIDER_TIMEOUT', 'freely'],
    [500, 'ResponseTimeout', '', 'PROVIDER_TIMEOUT', 'freely'],
    [500, 'ModelServingError', 'Too many requests.', 'PROVIDER_BUSY', 'freely'],
    [503, 'ModelServingError', '', 'PROVIDER_BUSY', 'freely'],
    [503, 'ModelUnavailable', '', 'PROVIDER_BUSY', 'freely'],
    [418, 'SomethingNew', '', 'PROVIDER_REFUSED', 'never'],
    [599, 'SomethingNew', '', 'PROVIDER_BAD_REPLY', 'freely'],
  ])('%i %s %s is %s, repeated %s', (status, code, message, expected, repetition) => {
    const verdict = judged(status, code, message);
    expect(verdict.error.code).toBe(expected);
    expect(verdict.repetition).toBe(repetition);
    expect(verdict.error.retryable).toBe(repetition !== 'never');
    expect(verdict.error.hint).not.toBe('');
    expect(verdict.error.message).toContain(requestId);
  });

  it.each<[string, string, boolean]>([
    ['FILE_DOWNLOAD_FAILED', 'PROVIDER_REFUSED', true],
    ['FILE_403_FORBIDDEN', 'PROVIDER_REFUSED', false],
    ['FILE_404_NOT_FOUND', 'PROVIDER_REFUSED', false],
    ['FILE_SERVER_ERROR', 'PROVIDER_BAD_REPLY', true],
    ['FILE_PARSE_FAILED', 'PROVIDER_REFUSED', false],
    ['DECODE_ERROR', 'PROVIDER_REFUSED', false],
    ['UNSUPPORTED_FORMAT', 'PROVIDER_REFUSED', false],
    ['FILE_TOO_LARGE', 'PROVIDER_REFUSED', false],
    ['CONTENT_LENGTH_CHECK_FAILED', 'PROVIDER_REFUSED', false],
    ['REQUEST_INVALID_FILE_URL_VALUE', 'PROVIDER_REFUSED', false],
    ['FILE_TRANS_TASK_EXPIRED', 'PROVIDER_TIMEOUT', true],
    ['SERVER_ERROR', 'PROVIDER_BAD_REPLY', true],
    ['SOMETHING_NEW', 'PROVIDER_REFUSED', false],
  ])("a task's %s is %s", (code, expected, retryable) => {
    const { error } = judged(0, code);
    expect([error.code, error.retryable]).toEqual([expected, retryable]);
  });

  it('a message says what happened, in whose words, and the request', () => {
    expect(judged(401, 'InvalidApiKey', 'Invalid API-key provided.').error.message).toBe(
      `DashScope refused the API key: Invalid API-key provided. (401 InvalidApiKey, request ${requestId}).`,
    );
  });

  it('a refused key: the hint names the region in force and the setting behind it', () => {
    const byRegion = judged(401, 'InvalidApiKey').error.hint;
    expect(byRegion).toBe(
      "Set DASHSCOPE_API_KEY to a key of the region in force, or name the key's region with --dashscope-region. Now in force: dashscope-intl.aliyuncs.com (intl, Singapore), by --dashscope-region intl.",
    );
    const host = resolveHost({ region: 'cn', baseUrl: 'http://10.0.0.1:80' });
    const error = { status: 401, code: 'InvalidApiKey', message: '', requestId, enveloped: true };
    expect(judgeError(error, { host, apiKey: 'sk-1' }).error.hint).toContain(
      'Now in force: 10.0.0.1 (its region is not known), by DASHSCOPE_BASE_URL http://10.0.0.1.',
    );
    expect(judgeError(error, { host, apiKey: 'sk-ws-1' }).error.hint).toContain('DASHSCOPE_WORKSPACE');
    expect(judgeError(error, { host, apiKey: 'sk-sp-1' }).error.hint).toContain('subscription plan');
  });

  it('a key that the service repeats is not shown', () => {
    const { error } = judged(401, 'invalid_api_key', `Incorrect API key provided: ${situation.apiKey}.`);
    expect(error.message).not.toContain(situation.apiKey);
  });

  it('an error that the service declares did not cost anything; its time-outs and gateways say nothing', () => {
    expect(judged(500, 'InternalError').notAccepted).toBe(true);
    expect(judged(500, 'RequestTimeOut').notAccepted).toBe(undefined);
    const page: ServiceError = { status: 502, code: '', message: '', requestId: undefined, enveloped: false };
    expect(judgeError(page, situation).notAccepted).toBe(undefined);
  });

  it('the limit of tokens a minute is waited for, unless the answer says how long', () => {
    const json = body({
      code: 'Throttling.AllocationQuota',
      message: 'Allocated quota exceeded',
      request_id: requestId,
    });
    const classify = createClassifier(situation);
    expect(classify(429, {}, json)?.error.retryAfterMs).toBe(15_000);
    expect(classify(429, { 'retry-after': '2' }, json)?.error.retryAfterMs).toBe(undefined);
  });

  it('a download that failed at their side is worth one more try, not two', () => {
    const json = body({ code: 'InvalidFile.DownloadFailed', message: 'x', request_id: requestId });
    const classify = createClassifier(situation);
    expect(classify(400, {}, json)?.retryable).toBe(true);
    expect(classify(400, {}, json)?.retryable).toBe(false);
  });
});

describe('envelopes', () => {
  it('native', () => {
    const json = body({ code: 'InvalidApiKey', message: 'Invalid API-key provided.', request_id: requestId });
    expect(readError(401, {}, json)).toEqual({
      status: 401,
      code: 'InvalidApiKey',
      message: 'Invalid API-key provided.',
      requestId,
      enveloped: true,
    });
  });

  it('native with msg instead of message', () => {
    expect(readError(400, {}, body({ code: 'X', msg: 'told' }))?.message).toBe('told');
  });

  it('compatible: codes in the native spelling, the id in the completion when there is no other', () => {
    const error = { message: 'You exceeded', type: 'insufficient_quota', param: null, code: 'insufficient_quota' };
    const read = readError(429, {}, body({ error, id: `chatcmpl-${requestId}` }));
    expect(read).toMatchObject({ code: 'Throttling.AllocationQuota', requestId });
    expect(readError(400, {}, body({ error: { message: 'x', type: 'invalid_parameter_error' } }))?.code).toBe(
      'InvalidParameter',
    );
  });

  it('an error under status 200', () => {
    expect(readError(200, {}, body({ code: 'BadRequest.VoiceNotFound', message: 'x' }))?.code).toBe(
      'BadRequest.VoiceNotFound',
    );
    expect(readError(200, {}, body({ error: { code: 'internal_error', message: 'x' } }))?.code).toBe('InternalError');
    expect(readError(200, {}, body({ status_code: 429, code: 'Throttling', message: 'x' }))?.status).toBe(429);
  });

  it.each([
    { code: '' },
    { code: '200' },
    { code: 200 },
    { code: 'Success' },
    { code: null },
    { status_code: 200, code: '' },
    {},
  ])('no error in %j', (value) => {
    expect(readError(200, {}, body({ ...value, output: {}, request_id: requestId }))).toBe(undefined);
  });

  it('an event for a body, natively', () => {
    const text = `id:1\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"InvalidParameter","message":"x","request_id":"${requestId}"}\n\n`;
    expect(readError(400, {}, body(text))).toMatchObject({
      status: 400,
      code: 'InvalidParameter',
      message: 'x',
      requestId,
    });
  });

  it('an event for a body, compatibly', () => {
    const text = `data: {"error":{"message":"m","type":"invalid_request_error","param":null,"code":"invalid_parameter_error"}}`;
    expect(readError(400, { 'x-request-id': requestId }, body(text))).toMatchObject({
      code: 'InvalidParameter',
      requestId,
    });
  });

  it('an answer without an envelope has at least status and header', () => {
    const nothing = { status: 429, code: '', message: '', requestId, enveloped: false };
    expect(readError(429, { 'x-request-id': requestId }, body(''))).toEqual(nothing);
    expect(readError(502, {}, body('<html>Bad gateway</html>'))).toMatchObject({ status: 502, enveloped: false });
  });

  it('events: results are none, errors are by name, by status and by content', () => {
    const event = (data: object | string, more: object = {}) =>
      readEventError({
        event: 'result',
        data: typeof data === 'string' ? data : JSON.stringify(data),
        id: '1',
        comments: [],
        ...more,
      });
    expect(event({ output: {} }, { comments: ['HTTP_STATUS/200'] })).toBe(undefined);
    expect(event({ code: 'InternalError', message: 'x' })).toMatchObject({ code: 'InternalError' });
    expect(event({}, { comments: ['HTTP_STATUS/500'] })).toMatchObject({ status: 500 });
    expect(event('gone', { event: 'error' })).toMatchObject({ message: 'gone', code: '' });
    expect(event({ error: { code: 'data_inspection_failed', message: 'x' } })).toMatchObject({
      code: 'DataInspectionFailed',
    });
  });
});
