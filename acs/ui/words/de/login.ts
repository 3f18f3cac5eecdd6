// German texts of the sign-in.
import type { Catalogue } from '../catalogue.ts';

export const login: Catalogue['login'] = {
  title: 'Anmelden',
  name: 'Name',
  password: 'Passwort',
  submit: 'Anmelden',
  otherWay: 'Beim Identitätsanbieter anmelden',
  ended: 'Die Sitzung ist zu Ende. Noch nicht gesendete Änderungen bleiben erhalten.',
  about: 'Dieser Server',
  aboutText: 'Tandem verwaltet Gateways über TR-069. Mehr steht nach der Anmeldung.',
  forgotten: 'Ein vergessenes Passwort: Die Verwaltung setzt ein neues.',
  welcome: 'Willkommen',
  first: {
    title: 'Die erste Person',
    text: 'Dieser Server kennt noch niemanden. Die erste Person verwaltet ihn und legt die anderen an.',
    passwordHelp: '12 Zeichen oder mehr',
    submit: 'Anlegen',
  },
};
