"""Photos: served with authority, or by an address signed for a short time for whoever follows a case."""

from uuid import UUID

from django.core import signing
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from cityloop.doors.web.guards import scope_of
from cityloop.ground.kit.refusal import Refusal
from cityloop.ground.kit.words import natural
from cityloop.town.files import queries as files

HOUR = 3600
_signer = signing.TimestampSigner(salt="cityloop.photo")


@require_safe
def photo(request: HttpRequest, uuid: UUID) -> FileResponse:
    """Give a photo or its thumbnail (`side`) to who may see it; to others there is none."""
    side = request.GET.get("side", "")
    try:
        file = files.by_uuid(uuid)
        allowed = signed(uuid, request.GET.get("k", "")) or files.readable(file, scope_of(request))
        if not allowed:
            raise Http404
        opened = files.opened(file, natural(side) or 0)
    except Refusal as refusal:
        raise Http404 from refusal
    answer = FileResponse(opened, content_type=files.mime(file, 1 if side else 0))
    answer["Cache-Control"] = "private, max-age=3600"
    answer["Referrer-Policy"] = "no-referrer"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def address(uuid: str, side: int = 320) -> str:
    """Give an address of a photo that opens for an hour, for those who have shown a follow code."""
    return f"/files/{uuid}?side={side}&k={_signer.sign(uuid).partition(':')[2]}"


def signed(uuid: UUID, key: str) -> bool:
    """Tell whether a key was signed by us for this photo, within the hour."""
    try:
        _signer.unsign(f"{uuid}:{key}", max_age=HOUR)
    except signing.BadSignature:
        return False
    return True
