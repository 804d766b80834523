"""What the rules of the interface say and a JSON Schema cannot."""

import itertools
import os

import schemathesis

# The account and the installation that openapi.yaml's examples name, and those that are there.
THERE = {
    "0195a1b2-7c3d-7e4f-9a5b-000000000002": os.environ["COUNTERSIGN_PEER_ACCOUNT"],
    "AQEBAQEBAQEBAQEBAQEBAQ==": os.environ["COUNTERSIGN_PEER_INCARNATION"],
}
LIST_VERSION = int(os.environ["COUNTERSIGN_PEER_LIST_VERSION"])
NAMES = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    if isinstance(case.body, (dict, list)):
        case.body = written(case.body)
    for values in (case.path_parameters, case.query):
        for name, value in (values or {}).items():
            values[name] = written(value)
    if case.meta is None or case.meta.generation.mode.is_positive:
        case.body = once_each(case.body)
        if case.meta and case.meta.phase.name == "stateful":
            to_go_on_from(case)


def to_go_on_from(case):
    """In a chain: a list is read from where it has something, and a new account has a new name.

    Far positions and taken names are in the other phases.
    """
    if "after" in (case.query or {}):
        case.query["after"] %= 4
    if case.operation.label == "POST /api/v1/auth/signup" and "username" in case.body:
        case.body["username"] = f"{case.body['username'][:20]}.{next(NAMES)}"


def written(value):
    """With integers written as integers (http.md#values), and with ids that are there."""
    if isinstance(value, dict):
        value = {name: written(member) for name, member in value.items()}
        if value.get("account_id") in THERE.values() and value.get("device_list_version") == 1:
            value["device_list_version"] = LIST_VERSION
        return value
    if isinstance(value, list):
        return [written(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return THERE.get(value, value) if isinstance(value, str) else value


def once_each(body):
    """No suite, recipient or device twice; a schema knows only items that are equal as a whole."""
    if not isinstance(body, dict):
        return body
    body = dict(body)
    if isinstance(body.get("prekeys"), list):
        body["prekeys"] = first_of_each(body["prekeys"], "suite")
    if isinstance(body.get("recipients"), list):
        body["recipients"] = [
            {**recipient, "envelopes": first_of_each(recipient["envelopes"], "device_id")}
            for recipient in first_of_each(body["recipients"], "account_id")
        ]
    return body


def first_of_each(items, name):
    return list({item[name]: item for item in reversed(items)}.values())[::-1]
