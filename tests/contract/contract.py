#!/usr/bin/env python3
"""The documents are good OpenAPI 3.1, and the server keeps to them: openapi-spec-validator reads both, schemathesis asks the running server what they
promise. No answer is a 5xx or of a form that is not told; what a document forbids is refused; nothing is answered to nobody.

contract.py                  everything
contract.py --validate-only  the documents alone

CARRYALL_BIN         the executable (default target/release/carryall)
CONTRACT_EXAMPLES    requests made up for each operation besides the fixed ones (default 12)
CONTRACT_SEED        the seed of chance (default 1: the same requests every time)
Runs in an environment that has requirements.txt installed; tests/run makes one.
"""
import copy
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "hostile"))

from openapi_spec_validator import OpenAPIV31SpecValidator
from server import BIN, EMAIL, PASSWORD, Server

EXAMPLES = os.environ.get("CONTRACT_EXAMPLES", "12")
SEED = os.environ.get("CONTRACT_SEED", "1")
# Not asked: that whatever a document allows is taken. A reference must be there and an e-mail address must be free, which no document can say.
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,"
          "negative_data_rejection,unsupported_method,ignored_auth")
# Eight jobs at a time are let in: further ones are told to come again. Nothing else may be too busy.
STARTS_JOB = re.compile(r'"method":"POST".*/(backups|jobs|indexes|import|restore)/?"')
# These end the session that all requests come with.
ENDING = ("sign_out", "sign_out_by_link", "end_session", "restore_backup")
# These change what the document of an app tells of its tables, so that it would be another one afterwards. The server's document tells them too.
RESHAPING = ("update_app", "delete_app", "apply_app_file", "create_schema", "update_schema", "delete_schema", "create_field", "update_field",
             "delete_field", "create_option", "update_option", "delete_option")


def app_file():
    """An app with a field of every type."""
    with open(os.path.join(HERE, "every-type.json"), encoding="utf-8") as file:
        return json.load(file)


def sign_in(port):
    body = json.dumps({"username": EMAIL, "password": PASSWORD}).encode()
    request = urllib.request.Request("http://127.0.0.1:%d/auth/login/" % port, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        cookies = answer.headers.get_all("Set-Cookie")
    return next(cookie.split(";")[0].split("=", 1)[1] for cookie in cookies if cookie.startswith("sessionid="))


def read(port, path, session=None):
    headers = {"Cookie": "sessionid=" + session} if session else {}
    with urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:%d%s" % (port, path), headers=headers), timeout=10) as answer:
        return json.load(answer)


def validate(name, document):
    problems = ["%s: %s" % ("/".join(map(str, error.absolute_path)), error.message) for error in OpenAPIV31SpecValidator(document).iter_errors()]
    operations = sum(len(item) for item in document["paths"].values())
    print("%s document: %d operations, %s" % (name, operations, "good OpenAPI 3.1" if not problems else "\n  ".join(["bad:"] + problems)))
    return not problems


def without(operations):
    return [word for name in operations for word in ("--exclude-operation-id", name)]


def ask(name, server, session, document, options):
    begun = time.monotonic()
    good, said = run(server, session, document, options)
    print("%s: schemathesis (seed %s, %s examples) %s in %.0f s" % (name, SEED, EXAMPLES, "found nothing" if good else "found faults", time.monotonic() - begun))
    if not good:
        print(said)
    return good


def run(server, session, document, options):
    """Schemathesis over one document: whether it found nothing, and what it said. One request at a time: with several the same seed would not mean the same requests."""
    with tempfile.TemporaryDirectory(prefix="carryall-contract-") as folder:
        with open(os.path.join(folder, "schemathesis.toml"), "w", encoding="utf-8") as file:
            file.write('[auth.openapi.session]\napi_key = "%s"\n' % session)
            file.write('[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", 503]\n')
        # One may come with other credentials, too, and schemathesis would make those up.
        session_only = copy.deepcopy(document)
        session_only["security"] = [{"session": []}]
        session_only["components"]["securitySchemes"] = {"session": document["components"]["securitySchemes"]["session"]}
        with open(os.path.join(folder, "openapi.json"), "w", encoding="utf-8") as file:
            json.dump(session_only, file)
        words = [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "--config-file", os.path.join(folder, "schemathesis.toml"), "run",
                 os.path.join(folder, "openapi.json"), "--url", "http://127.0.0.1:%d" % server.port, "--checks", CHECKS,
                 "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", SEED, "--workers", "1",
                 "--suppress-health-check", "all", "--request-timeout", "10", "--warnings", "off", "--no-color", "--continue-on-failure", *options]
        ran = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return ran.returncode == 0, ran.stdout


def notices(server, session, app):
    """Whether a document that says what the server does not do is found out: three wrong ones are."""
    wrong = {}
    wrong["an answer that is not told"] = copy.deepcopy(app)
    del wrong["an answer that is not told"]["paths"]["/api/apps/every-type/schemas/makers/records"]["post"]["responses"]["201"]
    wrong["a rule that nobody keeps"] = copy.deepcopy(app)
    wrong["a rule that nobody keeps"]["components"]["schemas"]["MakerNew"]["properties"]["name"]["maxLength"] = 5
    wrong["a door that is not locked"] = copy.deepcopy(app)
    wrong["a door that is not locked"]["paths"]["/auth/login"]["get"]["security"] = [{"session": []}]
    good = True
    for name, document in wrong.items():
        operation = "sign_in_page" if "door" in name else "create_record_of_makers"
        found = not run(server, session, document, ["--include-operation-id", operation])[0]
        print("wrong on purpose: %s is %s" % (name, "found out" if found else "NOT FOUND OUT"))
        good &= found
    return good


def was_answered(log):
    """Whether the requests came in: a session that had ended, or data that nothing takes, would find no fault either."""
    counts, busy = {}, set()
    for line in log.splitlines():
        found = re.search(r'"status":(\d+)', line)
        if found:
            counts[found.group(1)] = counts.get(found.group(1), 0) + 1
        if found and found.group(1) == "503" and not STARTS_JOB.search(line):
            busy.add(line)
    for line in sorted(busy):
        print("busy, and no job was asked for: %s" % line)
    print("answers: %s" % ", ".join("%s x %s" % (counts[status], status) for status in sorted(counts)))
    return not busy and counts.get("200", 0) > 100 and counts.get("201", 0) > 20 and counts.get("400", 0) > 100 and counts.get("401", 0) > 20


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    if not os.path.exists(BIN):
        sys.exit("%s is not there: cargo build --release" % os.path.relpath(BIN))
    with tempfile.TemporaryDirectory(prefix="carryall-contract-") as folder:
        data, app = os.path.join(folder, "data.db"), os.path.join(folder, "app.json")
        with open(app, "w", encoding="utf-8") as file:
            json.dump(app_file(), file)
        subprocess.run([BIN, "apply", app, "--db", data], check=True, stdout=subprocess.DEVNULL)
        with Server("serve", ["--db", data]) as server:
            session = sign_in(server.port)
            whole = read(server.port, "/api/openapi.json")
            app = read(server.port, "/api/apps/every-type/openapi.json", session)
            good = validate("the server's", whole) & validate("an app's", app)
            if good and "--validate-only" not in sys.argv:
                good &= ask("an app", server, session, app, without(ENDING + RESHAPING))
                good &= ask("the server", server, session, whole, without(ENDING))
                good &= server.alive() and was_answered(server.errors())
                good &= notices(server, session, app)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
