"""How the Zendesk stand-in's records look in answers."""

from __future__ import annotations

from bridge.sandbox.wire import Json, iso
from bridge.sandbox.zendesk import Zendesk
from bridge.sandbox.zendesk_records import Group, Job, Rating, Ticket, User
from bridge.sandbox.zendesk_slas import slas


class Shapes:
    """Records as JSON, one method for each kind."""

    def __init__(self, zendesk: Zendesk) -> None:
        self._zendesk = zendesk

    def _link(self, path: str) -> str:
        return f"{self._zendesk.host}/api/v2/{path}.json"

    def ticket(self, ticket: Ticket) -> Json:
        """A ticket."""
        rating = ticket.rating
        return {
            "url": self._link(f"tickets/{ticket.id}"),
            "id": ticket.id,
            "external_id": ticket.external_id,
            "via": {"channel": ticket.channel, "source": {"from": {}, "to": {}, "rel": None}},
            "created_at": iso(ticket.created_at),
            "updated_at": iso(ticket.updated_at),
            "generated_timestamp": int(ticket.updated_at.timestamp()),
            "type": ticket.type,
            "subject": ticket.subject,
            "raw_subject": ticket.subject,
            "description": ticket.description,
            "priority": ticket.priority,
            "status": "deleted" if ticket.deleted else ticket.status,
            "recipient": None,
            "requester_id": ticket.requester_id,
            "submitter_id": ticket.submitter_id,
            "assignee_id": ticket.assignee_id,
            "organization_id": None,
            "group_id": ticket.group_id,
            "collaborator_ids": [],
            "follower_ids": [],
            "email_cc_ids": [],
            "problem_id": None,
            "has_incidents": False,
            "is_public": True,
            "due_at": None,
            "tags": list(ticket.tags),
            "custom_fields": [{"id": key, "value": value} for key, value in ticket.custom_fields],
            "satisfaction_rating": (
                {
                    "id": rating.id,
                    "score": rating.score,
                    "comment": rating.comment,
                    "reason": rating.reason,
                }
                if rating
                else {"score": "unoffered"}
            ),
            "sharing_agreement_ids": [],
            "followup_ids": [],
            "brand_id": ticket.brand_id,
            "allow_channelback": False,
            "allow_attachments": True,
        }

    def with_slas(self, ticket: Ticket) -> Json:
        """A ticket with the service levels that hold for it, as `include=slas` asks for."""
        zendesk = self._zendesk
        levels = slas(ticket, zendesk.sla_policies, zendesk.is_staff, zendesk.now())
        return self.ticket(ticket) | {"slas": levels}

    def user(self, user: User) -> Json:
        """A person."""
        return {
            "url": self._link(f"users/{user.id}"),
            "id": user.id,
            "name": user.name,
            "email": user.email,
            "phone": user.phone,
            "role": user.role,
            "active": True,
            "verified": True,
            "suspended": False,
            "time_zone": "Etc/UTC",
            "locale": "en-US",
            "organization_id": None,
            "tags": [],
            "created_at": iso(user.created_at),
            "updated_at": iso(user.created_at),
        }

    def group(self, group: Group) -> Json:
        """A group."""
        return {
            "url": self._link(f"groups/{group.id}"),
            "id": group.id,
            "name": group.name,
            "description": "",
            "default": False,
            "deleted": False,
            "is_public": True,
            "created_at": iso(group.created_at),
            "updated_at": iso(group.created_at),
        }

    def rating(self, rating: Rating) -> Json:
        """A legacy satisfaction rating."""
        return {
            "url": self._link(f"satisfaction_ratings/{rating.id}"),
            "id": rating.id,
            "score": rating.score,
            "comment": rating.comment,
            "reason": rating.reason,
            "reason_id": None,
            "ticket_id": rating.ticket_id,
            "requester_id": rating.requester_id,
            "assignee_id": rating.assignee_id,
            "group_id": rating.group_id,
            "created_at": iso(rating.created_at),
            "updated_at": iso(rating.updated_at),
        }

    def job(self, job: Job) -> Json:
        """A bulk update."""
        done = job.results is not None
        at = f"{job.completed_at:%Y-%m-%d %H:%M:%S} +0000" if job.completed_at else ""
        return {
            "id": job.id,
            "url": self._link(f"job_statuses/{job.id}"),
            "total": len(job.updates),
            "progress": len(job.updates) if done else None,
            "status": "completed" if done else "queued",
            "message": f"Completed at {at}" if done else None,
            "results": job.results,
        }
