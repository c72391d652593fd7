import { mount } from 'svelte';

import App from './App.svelte';
import './app.css';
import { startKeys } from './lib/keys';
import { live } from './lib/live.svelte';
import { prefs } from './lib/prefs.svelte';
import { session } from './lib/session.svelte';

prefs.apply();
live.start();
session.start();
startKeys();
mount(App, { target: document.getElementById('app')! });
