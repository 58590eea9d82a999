"""Accounts in files: tables, TOML and JSON say the same; each mistake names its place; what goes out comes in again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.accountfile import form_of, guessed, read, write
from bridge.domain.accounts import Account, Change, Stakeholder, claimed_twice
from bridge.domain.model import ConfigError, Member

ACME = Change(
    key="acme",
    name="Acme",
    tier="gold",
    owner=Member(name="Olga Owner", email="olga@example.com"),
    stakeholders=(
        Stakeholder(role="sales", who=Member(email="sam@example.com")),
        Stakeholder(who=Member(email="max@example.com")),
    ),
    domains=("acme.example", "acme-mail.example"),
    organisations=("zendesk:17", "acme ltd"),
)
TABLE = (
    "key,name,tier,owner,stakeholders,domains,organisations\n"
    "acme,Acme,gold,Olga Owner <olga@example.com>,sales:sam@example.com; max@example.com,"
    "acme.example; @Acme-Mail.example,zendesk:17;Acme Ltd\n"
)
TOML = """
[accounts.acme]
name = "Acme"
tier = "gold"
owner = { name = "Olga Owner", email = "olga@example.com" }
stakeholders = [{ role = "sales", email = "sam@example.com" }, "max@example.com"]
domains = ["acme.example", "acme-mail.example"]
organisations = ["zendesk:17", "Acme Ltd"]
"""
JSON = """
{"accounts": [{"key": "acme", "name": "Acme", "tier": "gold",
  "owner": {"name": "Olga Owner", "email": "olga@example.com"},
  "stakeholders": [{"role": "sales", "email": "sam@example.com"}, "max@example.com"],
  "domains": ["acme.example", "acme-mail.example"], "organisations": ["zendesk:17", "acme ltd"]}]}
"""


@pytest.mark.parametrize(
    ("text", "form"), [(TABLE, "csv"), (TOML, "toml"), (JSON, "json")], ids=("csv", "toml", "json")
)
def test_every_form_says_the_same(text: str, form: str) -> None:
    assert read(text, form) == (ACME,)
    assert guessed(text) == form


def test_what_is_not_named_stays_and_an_empty_cell_empties() -> None:
    known = Account(key="acme", name="Acme", tier="gold", domains=("acme.example",))
    [change] = read("key;tier\nacme;\n", "csv")
    assert change.applied(known) == Account(key="acme", name="Acme", domains=("acme.example",))
    assert Change(key="new").applied(None) == Account(key="new", name="new")
    assert Change(key="acme", name="").applied(known) is not None


def test_an_account_goes_only_where_it_is_said() -> None:
    [kept, gone] = read("key,deleted\nacme,no\nold,yes\n", "csv")
    assert not kept.deleted
    assert gone == Change(key="old", deleted=True)
    assert gone.applied(Account(key="old")) is None


def test_what_goes_out_comes_in_again() -> None:
    account = ACME.applied(None)
    assert account is not None
    [again] = read(write([account, Account(key="plain", name="=1+1")])[:-1], "csv")[:1]
    assert again.applied(None) == account
    assert "'=1+1" in write([Account(key="plain", name="=1+1")])


@pytest.mark.parametrize(
    ("text", "form", "told"),
    [
        ("name\nAcme\n", "csv", "the first line names the columns: key"),
        ("", "csv", "the first line names the columns: key"),
        ("key,teir\nacme,gold\n", "csv", "no column is called 'teir'"),
        ("key,name,name\n", "csv", "two columns are called 'name'"),
        ("key,name\nacme,Acme,more\n", "csv", "line 2: has more cells"),
        ("key,name\n\n,Acme\n", "csv", "line 3.key: expected an id"),
        ("key,domains\nacme,gmail.com\n", "csv", "line 2.domains[0]: expected a domain of the"),
        ("key,domains\nacme,not a domain\n", "csv", "line 2.domains[0]: expected a domain like"),
        ("key,owner\nacme,Olga\n", "csv", "line 2.owner.email: expected an e-mail address"),
        ("key\nacme\nacme\n", "csv", "line 3.key: expected each account once"),
        ("key,deleted,name\nacme,yes,Acme\n", "csv", "line 2.name: expected nothing beside"),
        ("[accounts.acme]\nteir = 1\n", "toml", "accounts.acme.teir: expected another name"),
        ("[accounts]\nacme = 1\n", "toml", "accounts.acme: expected an object"),
        ("accounts = 1\n", "toml", "accounts: expected a list"),
        ("accounts = \n", "toml", "Invalid value"),
        ('{"accounts": [{}]}', "json", "accounts[0].key: expected a string or a number"),
        ('{"accounts": [{"key": "a", "owner": {}}]}', "json", "accounts[0].owner: expected at"),
        ('{"accounts": [{"key": "a b"}]}', "json", "accounts[0].key: expected a key in letters"),
        ('{"accounts": [{"key": "a", "stakeholders": [""]}]}', "json", "stakeholders[0]: expected"),
        ("{", "json", "the body: not JSON"),
    ],
)
def test_a_mistake_names_its_place(text: str, form: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(text, form)
    assert told in str(error.value)


def test_a_file_is_what_it_is_called(tmp_path: Path) -> None:
    assert form_of(tmp_path / "accounts.CSV") == "csv"
    with pytest.raises(ConfigError, match="call it"):
        form_of(tmp_path / "accounts.xlsx")


def test_two_accounts_can_not_call_the_same_theirs() -> None:
    one = Account(key="a", domains=("x.example",), organisations=("zendesk:1",))
    other = Account(key="b", organisations=("zendesk:1",))
    told = claimed_twice({"b": other, "a": one})
    assert told == "organisations: 'zendesk:1' belongs to account 'a' already"
    assert claimed_twice({"a": one}) == ""
