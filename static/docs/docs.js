// The page at /api/docs: chooses the document (?app=slug), shows it with Swagger UI, leads to the sign-in page. Not here: the document, which the server makes.
const part = id => document.getElementById(id);
const wanted = new URLSearchParams(location.search).get('app');

/** The apps of whoever is signed in; null when nobody is. */
async function apps() {
  const answer = await fetch('/api/apps');
  return answer.ok ? (await answer.json()).apps : null;
}

function offer(list) {
  const choice = part('apps');
  choice.append(new Option('the whole server', ''), ...list.map(app => new Option(app.name, app.slug)));
  choice.value = wanted ?? '';
  choice.addEventListener('change', () => location.assign(location.pathname + (choice.value && `?app=${encodeURIComponent(choice.value)}`)));
  part('choice').hidden = false;
}

function say(problem) {
  part('problem').textContent = problem;
  part('problem').hidden = false;
}

const list = await apps();
if (list) offer(list);
part('sign-in').href = `/auth/login/?next=${encodeURIComponent(location.pathname + location.search)}`;
part('sign-in').hidden = list !== null;
const found = list?.some(app => app.slug === wanted);
if (wanted && !list) say('Sign in to see the document of an app. This is the one of the server.');
else if (wanted && !found) say(`There is no app '${wanted}'. This is the document of the server.`);

const url = found ? `/api/apps/${encodeURIComponent(wanted)}/openapi.json` : '/api/openapi.json';
part('document').href = url;
globalThis.SwaggerUIBundle({ url, domNode: part('swagger-ui'), deepLinking: true, validatorUrl: null, displayRequestDuration: true, tryItOutEnabled: list !== null, defaultModelsExpandDepth: 0 });
