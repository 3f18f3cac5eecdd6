// German texts of the sign-in.
import type { Catalogue } from '../catalogue.ts';

export const login: Catalogue['login'] = {
  title: 'Anmelden',
  name: 'Name',
  password: 'Passwort',
  submit: 'Anmelden',
  otherWay: 'Beim Identitätsanbieter anmelden',
  ended: 'Die Sitzung ist zu Ende. Noch nicht gesendete Änderungen bleiben erhalten.',
};
