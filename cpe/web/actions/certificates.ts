// The page of certificates: transfer, hand-out, and requests of the unit's own keys.
import { UserError } from '../../../shared/errors.ts';
import { certificateBytes, hostOf, installCertificateFile } from '../../services/cert.ts';
import type { CertificateFile } from '../../services/certificates/file.ts';
import { dropRequest, makeRequest, requestName, waitingRequest } from '../../services/certificates/request.ts';
import { rowsOf, type Unit } from '../../services/service.ts';
import { type Action, type ActionRequest, type ActionResult, done, refused } from '../forms/action.ts';
import { html, type Markup, none } from '../render/markup.ts';
import { form, type Part, table } from '../render/part.ts';
import { actionForm } from '../render/parts.ts';
import { mayChange, type View } from '../render/view.ts';

/** Bytes of the form with its file; a chain of many certificates has some 50 kB. */
export const MAX_CERTIFICATE_FORM = 262_144;

/** The vendor's sentence and link; the answer to a Host certificate over HTTP too. */
const DISABLED = 'Certificate transfer is disabled because of unsecure HTTP access.';
const ACTIVATE = 'Activate unsecure certificate transfer (not recommended)';
const ACTIVATED =
  'Unsecure certificate transfer is active for the next transfer: whoever can listen reads the private key. Use a PC that is connected directly to the unit.';

const isActivated = ({ query }: View): boolean => query.has('unsecure');

function access(view: View): Markup {
  if (isActivated(view)) return html`<p class="note"><strong>${ACTIVATED}</strong></p>`;
  return html`<p>${DISABLED}</p><ul><li><a href="${view.path}?unsecure${view.hasHelp && '&help'}">${ACTIVATE}</a>.</li></ul>`;
}

const CANNOT = 'Your access rights do not allow this change.';

/** An action for those who may change certificates. */
const guarded =
  (action: Action): Action =>
  async request =>
    mayChange(request.view, 'Cert') ? action(request) : refused(CANNOT);

const field = (label: string, id: string, input: Markup): Markup =>
  html`<tr><th><label for="${id}">${label}</label></th><td>${input}</td></tr>`;

function transferForm(view: View): Markup {
  if (!mayChange(view, 'Cert')) return html`<p>${CANNOT}</p>`;
  const type = html`<select id="certificate-type" name="type"><option value="Other">Other</option><option value="Host">Host</option></select>`;
  const path = html`<input id="certificate-path" type="file" name="file">`;
  const password = html`<input id="certificate-password" type="password" name="password" autocomplete="off">`;
  const rows = [
    field('Type', 'certificate-type', type),
    field('Path', 'certificate-path', path),
    field('Password (PKCS#12)', 'certificate-password', password),
  ];
  const unsecure = !view.isSecure && isActivated(view) && html`<input type="hidden" name="unsecure" value="yes">`;
  return actionForm(view, 'transfer', html`${unsecure}<table>${rows}</table><p><button>Transfer</button></p>`, true);
}

async function transfer({ view, fields, files }: ActionRequest): Promise<ActionResult> {
  const type = fields.get('type') === 'Host' ? 'Host' : 'Other';
  if (type === 'Host' && !view.isSecure && fields.get('unsecure') !== 'yes') return refused(DISABLED);
  const file = files.get('file');
  if (!file) return refused('Choose a certificate file first.');
  try {
    const password = fields.get('password') ?? '';
    const name = await installCertificateFile(view.unit, file.bytes, file.name, { type, password, isNew: true });
    return done(`Certificate ${name} has been transferred.`);
  } catch (error) {
    if (error instanceof UserError) return refused(`${file.name} was not transferred: ${error.message}.`);
    throw error;
  }
}

const tables = { Host: 'HostCertificatesInfo', Other: 'OthersCertificatesInfo' } as const;

function downloadForm(view: View): Markup {
  const options = (['Host', 'Other'] as const).flatMap(type =>
    rowsOf(view.unit, `Cert.${tables[type]}`, ['FileName']).map(
      ({ FileName }) => html`<option value="${`${type}/${FileName}`}">${type}: ${FileName}</option>`,
    ),
  );
  if (options.length === 0) return html`<p>None.</p>`;
  return actionForm(
    view,
    'download',
    html`<p><label for="certificate-out">Certificate</label> <select id="certificate-out" name="certificate">${options}</select> <button>Download</button></p>`,
  );
}

async function download({ view, fields }: ActionRequest): Promise<ActionResult> {
  const [type = '', name = ''] = (fields.get('certificate') ?? '').split('/');
  const of: CertificateFile['table'] = type === 'Host' ? tables.Host : tables.Other;
  const bytes = await certificateBytes(view.unit, of, name);
  return { kind: 'file', name, type: 'application/octet-stream', bytes };
}

function requestForm(view: View): Markup {
  if (!mayChange(view, 'Cert')) return none;
  const waiting = requestName(view.unit);
  if (waiting !== undefined) {
    const said = html`<p>A request for ${waiting} waits for its certificate: transfer the signed one with the type Host.</p>`;
    const out = actionForm(view, 'request-download', html`<p><button>Download request</button></p>`);
    return html`${said}${out}${actionForm(view, 'request-delete', html`<p><button>Delete request and key</button></p>`)}`;
  }
  const key = html`<select id="request-key" name="key"><option value="rsa">RSA 2048</option><option value="ec">EC P-256</option></select>`;
  const rows = [
    field('Common Name', 'request-name', html`<input id="request-name" type="text" name="name" maxlength="64">`),
    field('Further Names', 'request-names', html`<input id="request-names" type="text" name="names" maxlength="1024">`),
    field('Key', 'request-key', key),
  ];
  return actionForm(view, 'request', html`<table>${rows}</table><p><button>Generate</button></p>`);
}

async function request({ view, fields }: ActionRequest): Promise<ActionResult> {
  const names = (fields.get('names') ?? '').split(/[\s,]/).filter(name => name !== '');
  const key = fields.get('key') === 'ec' ? 'ec' : 'rsa';
  await makeRequest(view.unit, { commonName: (fields.get('name') ?? '').trim(), names, key });
  return done('The key has been made; its request can be downloaded.');
}

async function requestDownload({ view }: ActionRequest): Promise<ActionResult> {
  const waiting = await waitingRequest(view.unit);
  if (!waiting) return refused('No request waits.');
  return { kind: 'file', name: 'request.csr', type: 'application/pkcs10', bytes: Buffer.from(waiting.request) };
}

async function requestDelete({ view }: ActionRequest): Promise<ActionResult> {
  await dropRequest(view.unit);
  return done('The request and its key have been deleted.');
}

export const certificateActions: Readonly<Record<string, Action>> = {
  transfer: guarded(transfer),
  download,
  request: guarded(request),
  'request-download': guarded(requestDownload),
  'request-delete': guarded(requestDelete),
};

const users = [
  ['SIP', 'SipEp'],
  ['Web pages', 'Web'],
  ['CWMP', 'Cwmp'],
  ['Configuration scripts', 'Conf'],
  ['Firmware', 'Fpu'],
  ['Files', 'File'],
  ['Certificates', 'Cert'],
  ['Packet capture', 'Nlm'],
] as const;

function usage(unit: Unit): string[][] {
  return users.map(([label, service]) => {
    const name = (role: 'client' | 'server'): string => hostOf(unit, service, role)?.name ?? 'None';
    const serves = service === 'SipEp' || service === 'Web';
    return [label, service === 'Web' ? '-' : name('client'), serves ? name('server') : '-'];
  });
}

const association = ['FileName', 'Sip', 'Web', 'Cwmp', 'Conf', 'Fpu', 'File', 'Cert', 'Nlm', 'Eap', 'Sbc'];
const columns = ['FileName', 'IssuedTo', 'IssuedBy', 'ValidFrom', 'ValidTo', 'Usage'];

export const certificateParts: readonly Part[] = [
  { kind: 'custom', heading: 'Unsecure Access', isShown: ({ isSecure }) => !isSecure, render: access },
  table('Host Certificates', `Cert.${tables.Host}`, columns, { hasDelete: true }),
  table('Other Certificates', `Cert.${tables.Other}`, [...columns, 'CertificateAuthority'], { hasDelete: true }),
  { kind: 'custom', heading: 'Certificate Transfer', render: transferForm },
  table('Host Certificate Associations', 'Cert.HostCertificateAssociation', association),
  {
    kind: 'facts',
    heading: 'Usage per Service',
    head: ['Service', 'As Client', 'As Server'],
    facts: ({ unit }) => usage(unit),
  },
  table('Certificate Authorities', 'Cert.CertificateAuthorities', [
    'FileName',
    { name: 'OverrideIssuedCertificateOcspUrl', label: 'OCSP URL of Issued Certificates' },
  ]),
  form('Transfer over HTTPS', [
    { name: 'Cert.TransferHttpsCipherSuite', label: 'Cipher Suite' },
    { name: 'Cert.TransferHttpsTlsVersion', label: 'TLS Version' },
  ]),
  { kind: 'custom', heading: 'Certificate Request', render: requestForm },
  { kind: 'custom', heading: 'Certificate Download', render: downloadForm },
];
