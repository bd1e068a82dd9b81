#!/usr/bin/env python3
"""The examples of the dialects' own documents, run by the programs they are written for: Python with requests, and curl. Only the host is put in front,
and what a reader is told to put in: the session cookie, the token, the app's UUID and the table's name.

snippets.py

CARRYALL_BIN   the executable (default target/release/carryall)
Not here: the same requests' whole answers (tests/http/*/seed.http). Runs in the environment of contract.py, which has requests.
"""
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hostile"))

import requests
from server import EMAIL, PASSWORD, Server

# AppBuilder: the same account as the example signs in with.
SESSION = """
import requests
# Create a session and login first
session = requests.Session()
session.post('https://your-instance.com/auth/login/', data={
'username': 'your@email.com',
'password': 'your_password'
})
# Then make API requests
response = session.get('/api/apps/my-app/schemas/contacts/records')
data = response.json()
"""
CURLS = [
    ("""curl -X GET "https://your-instance.com/api/apps/my-app/schemas/contacts/records" \\
-b "sessionid=your_session_cookie\"""", lambda answer: answer["records"][0]["name"] == "Ann"),
    ("""curl "https://your-instance.com/api/apps/my-crm/schemas/contacts/records?sort=name" \\
-b "sessionid=your_session_cookie\"""", lambda answer: [row["name"] for row in answer["records"][:2]] == ["Person 001", "Person 002"]),
    ("""curl -X POST "https://your-instance.com/api/apps/my-crm/schemas/contacts/records" \\
-b "sessionid=your_session_cookie" \\
-H "Content-Type: application/json" \\
-d '{
"name": "John Doe",
"email": "john@example.com",
"status": "lead"
}'""", lambda answer: answer["id"] == "rec_124" and answer["name"] == "John Doe"),
    ("""curl -X PUT "https://your-instance.com/api/apps/my-crm/schemas/contacts/records/rec_123" \\
-b "sessionid=your_session_cookie" \\
-H "Content-Type: application/json" \\
-d '{"status": "customer"}'""", lambda answer: answer["id"] == "rec_123" and answer["status"] == "customer"),
]

# Robostack: method, what follows the table's name, body, what is true of the answer. The rows it finds are made by the second.
BODIES = [
    ("POST", '{\n    "selection": {\n        "id": 1\n    }\n}', lambda rows: [row["id"] for row in rows] == [1]),
    ("POST", '{\n    "selection": {\n        "status": "pending",\n        "quantity": 10000\n    }\n}', lambda rows: len(rows) == 1),
    ("PUT", '{\n    "fieldName": "Field Value"\n}', lambda rows: rows[0]["fieldName"] == "Field Value"),
    ("PUT", '[\n    {\n        "fieldName": "Field Value 1"\n    },\n    {\n        "fieldName": "Field Value 2"\n    }\n]', lambda rows: len(rows) == 2),
    ("PATCH", '{\n    "selection": {\n        "fieldName": "Matching Field Value"\n    },\n    "updation": {\n        "fieldName": "New Field Value"\n    }\n}',
     lambda rows: [row["fieldName"] for row in rows] == ["New Field Value"]),
    ("PATCH", '{\n    "selection": [\n        {\n            "fieldName": "Matching Field Value"\n        },\n        {\n            "fieldName": ""\n        }\n    ],\n'
              '    "updation": [\n        {\n            "fieldName": "New Field Value"\n        },\n        {\n            "fieldName": "Unknown Field Value"\n        }\n    ]\n}',
     lambda rows: [row["fieldName"] for row in rows] == ["Unknown Field Value"]),
    ("DELETE", '{\n    "selection": {\n        "fieldName": "Field Value"\n    }\n}', lambda rows: len(rows) == 1),
    ("DELETE", '{\n    "selection": [\n        {\n            "fieldName": ""\n        },\n        {\n            "fieldName": "Unknown Field Value"\n        }\n    ]\n}',
     lambda rows: len(rows) == 1),
]

# Concord CRM: field ID, type and the value of each example; options by their ids.
FIELDS = [
    ("boolean", "boolean", True), ("swatch", "color", "#333333"), ("checkbox", "checklist", [5]), ("date", "date", "2020-11-26"),
    ("datetime", "datetime", "2020-11-26 06:00:00"), ("multiselect", "multiselect", [5]), ("number", "integer", 200), ("numeric", "decimal", 1250.330),
    ("numeric", "decimal", 1300), ("radio", "radio", 5), ("website", "url", "https://www.iacrn.com.br"), ("select", "select", 10), ("text", "text", "Sample Text"),
    ("textarea", "textarea", "Sample Text"), ("timezone", "timezone", "America/Toronto"),
]


class Bench:
    """A server with what the documents take for granted, and an account that may do all."""

    def __init__(self, server):
        self.base = "http://127.0.0.1:%d" % server.port
        self.admin = requests.Session()
        signed_in = self.admin.post(self.base + "/auth/login/", data={"username": EMAIL, "password": PASSWORD})
        assert signed_in.ok, signed_in.text
        self.done = 0

    def make(self, method, path, body):
        answer = self.admin.request(method, self.base + path, json=body)
        assert answer.ok, (path, answer.status_code, answer.text)
        return answer.json()

    def app(self, slug, schemas, records):
        return self.make("PUT", "/api/apps/%s/app-file" % slug, {"carryall": 1, "app": {"slug": slug, "name": slug}, "schemas": schemas, "records": records})

    def curl(self, command, holds):
        """Runs a line of shell as it stands; its answer is JSON of which `holds` is true."""
        ran = subprocess.run(["sh", "-c", command.replace("curl ", "curl --silent --show-error --fail-with-body ", 1)], capture_output=True, text=True, timeout=20, check=False)
        assert ran.returncode == 0, (command, ran.stdout, ran.stderr)
        assert holds(json.loads(ran.stdout)), (command, ran.stdout)
        self.done += 1


def app_builder(bench):
    text = {"slug": "name", "type": "text"}
    contacts = {"slug": "contacts", "fields": [text, {"slug": "email", "type": "email"}, {"slug": "status", "type": "select", "options": ["lead", "customer"]}]}
    bench.app("my-app", [contacts], {"contacts": [{"name": "Ann"}]})
    bench.app("my-crm", [contacts], {"contacts": [{"name": "Person %03d" % n} for n in range(1, 124)]})
    bench.make("POST", "/api/workspaces/default/users", {"email": "your@email.com", "name": "You", "password": "your_password"})
    bench.make("POST", "/api/workspaces/default/grants", {"user": "your@email.com", "app": "my-app", "role": "viewer"})
    names = {}
    exec(SESSION.replace("https://your-instance.com", bench.base).replace("'/api/", "'%s/api/" % bench.base), names)  # our own text, above
    assert names["response"].status_code == 200 and names["data"]["records"][0]["name"] == "Ann", names["response"].text
    bench.done += 1
    cookie = bench.admin.cookies["sessionid"]
    for command, holds in CURLS:
        bench.curl(command.replace("https://your-instance.com", bench.base).replace("your_session_cookie", cookie), holds)


def robostack(bench):
    fields = [{"slug": "status", "type": "text"}, {"slug": "quantity", "type": "integer"}, {"slug": "fieldName", "type": "text"}]
    pending = {"status": "pending", "quantity": 10000, "fieldName": "Some"}
    bench.app("stock", [{"slug": "orders", "fields": fields}], {"orders": [{"status": "paid", "quantity": 1, "fieldName": "Other"}, pending]})
    pair = bench.make("POST", "/api/workspaces/default/tokens", {"kind": "key-secret", "name": "Robostack", "apps": ["stock"]})
    uuid = bench.make("GET", "/api/apps/stock", None)["uuid"]
    url = "%s/external/api/%s/orders/" % (bench.base, uuid)

    def call(method, body, holds):
        bench.curl("curl -X %s '%s' -H 'x-api-key: %s' -H 'x-api-secret: %s' -H 'Content-Type: application/json' -d '%s'"
                   % (method, url, pair["key"], pair["secret"], body), lambda answer: holds(answer["results"]))

    def have(value):
        call("PUT", json.dumps({"fieldName": value}), lambda rows: len(rows) == 1)

    find_one, find_both, insert_one, insert_many, update_one, update_many, delete_one, delete_many = BODIES
    for sample in (find_one, find_both, insert_one, insert_many):
        call(*sample)
    have("Matching Field Value")
    call(*update_one)
    have("")
    call(*update_many)
    call(*delete_one)
    call(*delete_many)


def concord(bench):
    options = {"checkbox": ("five", 5), "multiselect": ("five", 5), "radio": ("five", 5), "select": ("ten", 10)}
    token = bench.make("POST", "/api/workspaces/default/tokens", {"kind": "personal", "name": "App CRM"})["token"]
    for at, (field, kind, value) in enumerate(FIELDS):
        described = {"slug": field, "type": kind}
        if field in options:
            described["options"] = [{"value": options[field][0], "id": options[field][1]}]
        if kind == "decimal":
            described.update(precision=15, scale=3)
        # An option's id is one in a whole app, and the examples use 5 three times.
        app = "crm-%d" % at
        bench.app(app, [{"slug": "contacts", "fields": [{"slug": "first_name", "type": "text"}, described]}], {})

        def holds(answer, field=field, value=value):
            found = answer[field]
            if isinstance(found, (list, dict)):
                items = found if isinstance(found, list) else [found]
                ids = [item["id"] if isinstance(item, dict) else item for item in items]
                return ids == (value if isinstance(value, list) else [value])
            if isinstance(value, str):
                return found == value
            return float(found) == float(value)

        bench.curl("curl -X POST '%s/api/contacts' -H 'Accept: application/json' -H 'Content-Type: application/json' -H 'Authorization: Bearer %s' "
                   "-H 'X-Carryall-App: %s' -d '%s'" % (bench.base, token, app, json.dumps({"first_name": "Jane", field: value})), holds)


def main():
    with Server("demo") as server:
        bench = Bench(server)
        for dialect in (app_builder, robostack, concord):
            dialect(bench)
    print("%d examples of three documents did what they say" % bench.done)


if __name__ == "__main__":
    main()
