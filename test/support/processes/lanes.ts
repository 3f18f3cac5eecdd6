// Devices and operators that keep an ACS busy over sockets and note what it acknowledged and what it refused, and how.
import { decodeEnvelope, encodeEnvelope, requestBody } from '../../../shared/cwmp/soap.ts';

export interface Seen {
  /** Devices whose Inform was answered by InformResponse. */
  informed: string[];
  /** Devices that the API said it has made. */
  announced: string[];
  /** Why the others were not, with how often: `fault 8002`, `503`, `507 store-full`. */
  refused: Map<string, number>;
}

export interface Lanes {
  seen: Seen;
  /** Counts refusals from zero again. */
  forgetRefusals(): void;
  refusals(): number;
  stop(): Promise<void>;
}

export function startLanes(
  { cwmp, api, token }: { cwmp: string; api: string; token: string },
  { count, prefix }: { count: number; prefix: string },
): Lanes {
  const seen: Seen = { informed: [], announced: [], refused: new Map() };
  let on = true;
  const refuse = (why: string): void => {
    seen.refused.set(why, (seen.refused.get(why) ?? 0) + 1);
  };

  const session = async (serial: string): Promise<void> => {
    const answer = await post(cwmp, informOf(serial));
    if (answer.status !== 200) return refuse(String(answer.status));
    const { body } = decodeEnvelope(Buffer.from(answer.text));
    if (body.kind === 'response' && body.method === 'Inform') seen.informed.push(`00C0DE-Box-${serial}`);
    else return refuse(body.kind === 'fault' ? `fault ${body.fault.code}` : `a ${body.kind}`);
    await post(cwmp, '', answer.cookie);
  };
  const announce = async (serial: string): Promise<void> => {
    const id = `00C0DE-Box-${serial}`;
    const answer = await fetch(`${api}/api/v1/devices`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ id, site: { note: 'x'.repeat(200) } }),
    });
    const text = await answer.text();
    if (answer.status === 201) seen.announced.push(id);
    else refuse(`${answer.status} ${(JSON.parse(text) as { code?: string }).code ?? text}`);
  };
  const lane = async (number: number): Promise<void> => {
    for (let n = 0; on; n++) await (number % 2 ? announce : session)(`${prefix}${number}x${n}`);
  };
  const running = Promise.all(Array.from({ length: count }, (_, number) => lane(number)));
  return {
    seen,
    forgetRefusals: () => seen.refused.clear(),
    refusals: () => [...seen.refused.values()].reduce((sum, times) => sum + times, 0),
    stop: async () => {
      on = false;
      await running;
    },
  };
}

async function post(
  url: string,
  body: string,
  cookie?: string,
): Promise<{ status: number; text: string; cookie: string }> {
  const headers = { 'content-type': 'text/xml', soapaction: '', ...(cookie ? { cookie } : {}) };
  const answer = await fetch(url, { method: 'POST', body, headers });
  const set = answer.headers.get('set-cookie') ?? '';
  return { status: answer.status, text: await answer.text(), cookie: set.split(';')[0] ?? '' };
}

const informOf = (SerialNumber: string): string =>
  encodeEnvelope({
    namespace: '1-2',
    id: '1',
    body: requestBody('Inform', {
      DeviceId: { Manufacturer: 'Maker', OUI: '00C0DE', ProductClass: 'Box', SerialNumber },
      Event: [{ EventCode: '1 BOOT', CommandKey: '' }],
      MaxEnvelopes: 1,
      CurrentTime: '0001-01-01T00:00:00Z',
      RetryCount: 0,
      ParameterList: [
        { Name: 'Device.DeviceInfo.SoftwareVersion', Value: '1.0', Type: 'xsd:string' },
        { Name: 'Device.DeviceInfo.Description', Value: 'y'.repeat(300), Type: 'xsd:string' },
      ],
    }),
  });
