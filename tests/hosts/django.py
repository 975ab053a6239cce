"""Django's test runner on a tiny project: in one process, in two, and with a live server."""

PACKAGES = ["django"]

SETTINGS = '''
SECRET_KEY = "not secret"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
ROOT_URLCONF = "shop.urls"
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
'''

MODELS = '''
from django.db import models

class Item(models.Model):
    name = models.CharField(max_length=50)
    price = models.DecimalField(max_digits=8, decimal_places=2)
'''

URLS = '''
from django.http import JsonResponse
from django.urls import path
from shop.models import Item

def items(request):
    return JsonResponse({item.name: str(item.price) for item in Item.objects.order_by("name")})

urlpatterns = [path("items", items)]
'''

TESTS = '''
import json, os, subprocess, threading, time, urllib.request
from decimal import Decimal
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import LiveServerTestCase, TestCase, TransactionTestCase
from shop.models import Item

class Items(TestCase):
    @classmethod
    def setUpTestData(cls):
        Item.objects.bulk_create(Item(name=f"item {i}", price=Decimal(i)) for i in range(200))

    def test_count(self):
        self.assertEqual(Item.objects.count(), 200)

    def test_view(self):
        for _ in range(30):
            answer = self.client.get("/items")
        self.assertEqual(len(answer.json()), 200)

    def test_passwords(self):
        for i in range(4):
            User.objects.create_user(f"user{i}", password="pass")
        self.assertTrue(User.objects.get(username="user1").check_password("pass"))

    def test_queries(self):
        with self.assertNumQueries(2):
            list(Item.objects.all())
            Item.objects.first()

    def test_rolled_back(self):
        try:
            with transaction.atomic():
                Item.objects.all().delete()
                raise KeyError
        except KeyError:
            pass
        self.assertEqual(Item.objects.count(), 200)

    def test_fails(self):
        self.assertEqual(Item.objects.filter(price__lt=10).count(), 11)

    def test_error(self):
        Item.objects.get(name="none")

    def test_child(self):
        self.assertEqual(subprocess.run(["sh", "-c", "exit 3"]).returncode, 3)

    def test_a_lazy_queryset_is_not_evaluated(self):
        with self.assertNumQueries(0):
            lazy = Item.objects.filter(price__gt=3)
            time.sleep(0.5)
            self.assertIsNone(lazy._result_cache)

class Sleeps(TransactionTestCase):
    def test_sleep(self):
        time.sleep(0.7)
        self.assertEqual(Item.objects.count(), 0)

    def test_skip(self):
        self.skipTest("on purpose")

class Live(LiveServerTestCase):
    def test_requests(self):
        Item.objects.create(name="a", price=1)
        for _ in range(30):
            with urllib.request.urlopen(self.live_server_url + "/items") as answer:
                self.assertEqual(json.load(answer), {"a": "1.00"})
'''


def tests(*options):
    """The case for some options of the test runner."""

    def case(run):
        run.write("settings.py", SETTINGS)
        run.write("shop/__init__.py", "")
        run.write("shop/models.py", MODELS)
        run.write("shop/urls.py", URLS)
        run.write("shop/tests.py", TESTS)
        program = run.start("django-admin", "test", "--settings", "settings", "--verbosity", 2, *options)
        program.ends(ordered=not options, without=r"^(Cloning|Destroying|Found|Ran) " if options else "^Ran ")
        run.requests += 12
        run.nothing_left()

    return case


CASES = {"django-test": tests(), "django-test-parallel": tests("--parallel", "2")}
