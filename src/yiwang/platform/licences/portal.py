"""x."""
from django.urls import path
from yiwang.ui.entry import public
app_name = "licences"
@public
def _x(request, code=""): ...
urlpatterns = [path("verify/", _x, name="verify"), path("verify/<str:code>/", _x, name="check")]
