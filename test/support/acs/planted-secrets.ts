// Secrets planted in an ACS through every door, each a word that occurs nowhere else; and a CPE that has, takes and quotes some of them.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Arguments, ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Envelope } from '../../../shared/cwmp/soap.ts';
import { memoryCpe, ScriptedCpe } from '../cpe/scripted-cpe.ts';
import type { TestApi } from './api.ts';
import type { TestAcs } from './memory-acs.ts';

/** The words, by the door through which each came. */
export const planted = {
  site: 'SEKRITsite1',
  siteBySetting: 'SEKRITsite2',
  siteUrl: 'SEKRITsite3',
  override: 'SEKRITover1',
  presetSet: 'SEKRITpres1',
  presetRow: 'SEKRITpres2',
  presetUrl: 'SEKRITpres3',
  presetByModel: 'SEKRITpres4',
  presetVariable: 'SEKRITpres5',
  presetFallback: 'SEKRITpres6',
  login: 'SEKRITlogn1',
  taskValue: 'SEKRITtask1',
  taskRefused: 'SEKRITtask2',
  taskUrl: 'SEKRITtask3',
  taskPassword: 'SEKRITtask4',
  taskByModel: 'SEKRITtask5',
  taskWaiting: 'SEKRITtask6',
  script: 'SEKRITfile1',
  upload: 'SEKRITfile2',
  hook: 'SEKRIThook1SEKRIT',
  hookUrl: 'SEKRIThook2',
  informValue: 'SEKRITtold1',
  informUrl: 'SEKRITtold2',
  answer: 'SEKRITansw1',
  answerUrl: 'SEKRITansw2',
  answerByModel: 'SEKRITansw3',
  answerBySetting: 'SEKRITansw4',
} as const;

/** A word that is no secret: it is found wherever the others would be. */
export const CONTROL = 'PLAINword1';
/** The device's own site field that names a variable of a preset. */
const box = 'Device.X_BOX.';
export const boxId = 'A1B2C3-Box-S1';

const model = `<?xml version="1.0"?><dm:document xmlns:dm="urn:broadband-forum-org:cwmp:datamodel-1-8" spec="urn:example:box-1-0-0">
<model name="Box:1.0"><object name="Device." access="readOnly" minEntries="1" maxEntries="1"/>
<object name="${box}" access="readOnly" minEntries="1" maxEntries="1">
<parameter name="Phrase" access="readWrite"><syntax hidden="true"><string/></syntax></parameter></object></model></dm:document>`;

const ofBox = new Map<string, string>([
  [`${box}WEPKey`, planted.answer],
  [`${box}Feed`, `http://feed:${planted.answerUrl}@feed.example/x`],
  [`${box}Phrase`, planted.answerByModel],
  [`${box}Uplink.Code`, planted.answerBySetting],
  [`${box}Note`, CONTROL],
  [`${box}Refused.Password`, ''],
]);

/** A box that reads back its secrets, as some do, and quotes in a fault what it refuses. */
export class PlantedBox extends ScriptedCpe {
  readonly #memory = memoryCpe(Object.fromEntries(ofBox));

  constructor({ app }: Pick<TestAcs, 'app'>) {
    super(app, { serial: 'S1', username: 'box', password: planted.login });
  }

  override inform(overrides: Partial<Arguments<'Inform'>> = {}): Envelope {
    const values = {
      'Device.DeviceInfo.SoftwareVersion': '1',
      'Device.ManagementServer.ParameterKey': '',
      'Device.ManagementServer.ConnectionRequestURL': `http://cr:${planted.informUrl}@127.0.0.1:7547/cr`,
      [`${box}PreSharedKey`]: planted.informValue,
      [`${box}Note`]: CONTROL,
    };
    return super.inform({
      DeviceId: { Manufacturer: 'Box', OUI: 'A1B2C3', ProductClass: 'Box', SerialNumber: 'S1' },
      ParameterList: Object.entries(values).map(([Name, Value]) => ({ Name, Value, Type: 'xsd:string' })),
      ...overrides,
    });
  }

  /** Makes it known to the ACS, with its login. */
  async announce(api: TestApi): Promise<void> {
    await api.call('POST', '/devices', {
      body: { id: boxId, credentials: { username: 'box', password: planted.login } },
    });
  }

  /** One session. @returns all that it was asked, as it was sent */
  async run(): Promise<string> {
    let got = '';
    await this.session((method, args) => {
      got += JSON.stringify(args);
      if (method === 'SetParameterValues') {
        const bad = (args.ParameterList as ParameterValue[]).filter(({ Name }) => Name.includes('Refused'));
        const faults = bad.map(({ Name, Value }) => ({ name: Name, code: 9007, message: `'${Value}' is too weak` }));
        if (faults.length > 0) return new CwmpFault(9003, `no: ${bad[0]?.Value}`, faults);
      }
      return method === 'AddObject' ? { InstanceNumber: 1, Status: 0 } : this.#memory.answer(method, args);
    });
    return got;
  }
}

/** Plants all that an operator gives. The box informs once in between, so that the ACS knows it. */
export async function plant(api: TestApi): Promise<void> {
  const must = async (method: string, path: string, init: Parameters<TestApi['call']>[2] = {}): Promise<void> => {
    const { status, text } = await api.call(method, path, init);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  };
  const put = (path: string, body: unknown): Promise<void> => must('PUT', path, { body });
  await put('/settings/secrets', { names: ['uplinkCode', `${box}Uplink.*`] });
  await must('PUT', '/models/box?oui=A1B2C3', { body: Buffer.from(model), headers: { 'content-type': 'text/xml' } });
  await must('POST', '/devices', { body: { id: boxId, credentials: { username: 'box', password: planted.login } } });
  await put('/settings/history', { parameters: [box], read: '15m' });
  await put('/webhooks/hook', {
    url: `https://hooks.example/x?token=${planted.hookUrl}`,
    secret: planted.hook,
    format: 'tandem-1',
    events: ['task', 'fault', 'enrolled'],
  });
  await must('PUT', '/files/site.cfg?type=script', { body: Buffer.from(`Cwmp.Password = "${planted.script}"`) });
  await must('PUT', '/files/old.cfg?type=upload', { body: Buffer.from(`Cwmp.Password = "${planted.upload}"`) });
  await put(`/devices/${boxId}/trace`, { on: true });
  await must('PATCH', `/devices/${boxId}`, {
    body: {
      site: {
        wifiKey: planted.site,
        uplinkCode: planted.siteBySetting,
        feed: `ftp://u:${planted.siteUrl}@h/`,
        customerKey: CONTROL,
        sharedPin: planted.presetVariable,
      },
      overrides: { [`${box}Uplink.PreSharedKey`]: planted.override },
    },
  });
  await put('/presets/box', {
    when: 'oui = "A1B2C3"',
    set: {
      [`${box}Community`]: planted.presetSet,
      [`${box}Mirror`]: `https://u:${planted.presetUrl}@mirror.example/`,
      [`${box}Phrase`]: planted.presetByModel,
      [`${box}Label`]: '{{site.sharedPin}}',
      [`${box}Tag`]: `{{site.otherPin|${planted.presetFallback}}}`,
      [`${box}Text`]: CONTROL,
    },
    objects: { [`${box}Ssid.`]: { keys: ['Name'], rows: [{ Name: 'home', KeyPassphrase: planted.presetRow }] } },
  });
}

/** The tasks of an operator. */
export async function plantTasks(api: TestApi): Promise<void> {
  const add = async (method: string, args: unknown): Promise<void> => {
    const { status, text } = await api.call('POST', `/devices/${boxId}/tasks`, { body: { method, args } });
    if (status >= 300) throw new Error(`${method}: ${status} ${text}`);
  };
  const set = (Name: string, Value: string): Promise<void> =>
    add('SetParameterValues', { ParameterList: [{ Name, Value, Type: 'xsd:string' }], ParameterKey: '' });
  await set(`${box}KeyPsk`, planted.taskValue);
  await set(`${box}Refused.Password`, planted.taskRefused);
  await set(`${box}Phrase`, planted.taskByModel);
  await set(`${box}Comment`, CONTROL);
  await add('GetParameterValues', { ParameterNames: [box] });
  await add('Download', {
    FileType: '3 Vendor Configuration File',
    URL: `https://u:${planted.taskUrl}@files.example/f?sig=${planted.taskUrl}`,
  });
}

/** A task that stays queued. */
export const plantWaitingTask = async (api: TestApi): Promise<unknown> =>
  await api.call('POST', `/devices/${boxId}/tasks`, {
    body: {
      method: 'Upload',
      args: {
        FileType: '1 Vendor Configuration File',
        URL: 'https://h/u',
        Username: 'u',
        Password: planted.taskWaiting,
      },
    },
  });
